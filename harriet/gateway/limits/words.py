"""What is said of a call that came too often: the same sentence for the caller, the approver and the log."""

from __future__ import annotations

from audit.actor import Label
from connectors.access.call_limits import LimitRow
from connectors.limit_words import number_words
from connectors.models import CallLimit
from harriet.gateway.errors import LimitReached
from harriet.gateway.limits.counts import MINUTE
from harriet.gateway.policy.grant import Grant
from harriet.gateway.steps.request import Call

_HOURS = 2 * 3600
"""Seconds from which on a wait is told in hours."""


def beyond(row: LimitRow, seconds: int, wait: int, call: Call, grant: Grant) -> LimitReached:
    """The refusal of a call that is beyond a limit for so many seconds, and how long it has to wait."""
    message = (
        f"This call was not made: {_limit(row, seconds, call, grant)} is reached. Wait {waiting(wait)}, then call "
        "again; before that it is refused. If the limit is too low, ask your IT team."
    )
    return LimitReached(message, wait=wait, limit=str(row.id))


def held_beyond(row: LimitRow, seconds: int, call: Call, grant: Grant) -> str:
    limit = _limit(row, seconds, call, grant)
    return f"{limit[:1].upper()}{limit[1:]} is reached: an approver decides on each call beyond it."


def _limit(row: LimitRow, seconds: int, call: Call, grant: Grant) -> str:
    number, unit = (row.per_minute, "a minute") if seconds == MINUTE else (row.per_day, "a day")
    return number_words(number, unit, whose(row, call, grant), counts_writes=row.counts_writes)


def repeated(number: int, seconds: int, wait: int) -> LimitReached:
    message = (
        f"You have made this very call {number} times within {seconds} seconds, and the answer will not change by "
        "asking again: it was not made once more. Use the answer that you have, call with other arguments, or tell "
        f"your person what you wait for. The same call goes out again in {waiting(wait)}."
    )
    return LimitReached(message, wait=wait)


def held_repeated(number: int, seconds: int) -> str:
    return (
        f"The same call was made {number} times within {seconds} seconds: an approver decides whether it is made again."
    )


def whose(row: LimitRow, call: Call, grant: Grant) -> str:
    """As the log names it."""
    if row.kind == CallLimit.Kind.TOOL:
        return f"the tool {grant.tool.name} of {grant.tool.connector.name}"
    if row.kind == CallLimit.Kind.CONNECTOR:
        return grant.tool.connector.name
    device: Label | None = call.principal.device
    if row.kind == CallLimit.Kind.DEVICE and device is not None:
        return f"the device {device.label}"
    return call.principal.person.label


def waiting(seconds: int) -> str:
    if seconds >= _HOURS:
        return f"{-(-seconds // 3600)} hours"
    if seconds >= 2 * 60:
        return f"{-(-seconds // 60)} minutes"
    return "one second" if seconds == 1 else f"{seconds} seconds"
