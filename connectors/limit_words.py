"""Limits in words, as pages, the log and whoever is refused read them."""

from __future__ import annotations

from connectors.models import AtLimit, CallLimit

_KINDS = {
    CallLimit.Kind.PERSON: "each person",
    CallLimit.Kind.DEVICE: "each device",
    CallLimit.Kind.AGENT: "each agent",
    CallLimit.Kind.KEY: "each shared key",
    CallLimit.Kind.TOOL: "each tool",
    CallLimit.Kind.CONNECTOR: "each connector",
}


def whose_words(limit: CallLimit) -> str:
    """“dana@acme.example”, “the tool send_mail of Mail”, “each person”."""
    if limit.tool is not None:
        return f"the tool {limit.tool} of {limit.tool.connector.name}"
    if limit.person is not None:
        return limit.person.user.email
    if limit.device is not None:
        return f"the device {limit.device.name} of {limit.device.user.email}"
    if limit.agent is not None:
        return f"the agent {limit.agent.name}"
    if limit.key is not None:
        return f"the shared key {limit.key.name}"
    return limit.connector.name if limit.connector is not None else _KINDS[CallLimit.Kind(limit.kind)]


def limit_words(limit: CallLimit) -> str:
    """The whole of it, such as “the limit of calls for each person: 60 a minute and 1,000 a day”."""
    counts_writes = limit.counts == CallLimit.Counts.WRITES
    numbers = " and ".join(f"{number:,} {unit}" for number, unit in numbers_of(limit))
    what = "calls that may change something" if counts_writes else "calls"
    held = ", beyond which an approver decides" if limit.at_limit == AtLimit.HOLD else ""
    return f"the limit of {what} for {whose_words(limit)}: {numbers}{held}"


def numbers_of(limit: CallLimit) -> list[tuple[int, str]]:
    found = ((limit.per_minute, "a minute"), (limit.per_day, "a day"))
    return [(number, unit) for number, unit in found if number]


def number_words(number: int, unit: str, whose: str, *, counts_writes: bool) -> str:
    """“the limit of 60 calls a minute for dana@acme.example”."""
    calls = "call" if number == 1 else "calls"
    what = f"{calls} that may change something" if counts_writes else calls
    return f"the limit of {number:,} {what} {unit} for {whose}"
