"""What may say no beside the rules, for one person and one tool: the emergency stops that stand, and the limits of how
often they may call. Both as the database has them now; the gateway may know more of the last seconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from django.db.models import Q

from connectors.limit_words import limit_words, number_words, whose_words
from connectors.models import AtLimit, CallLimit, Risk, Tool
from connectors.queries import groups_with
from harriet.console.limits.used import LimitInUse, Use, limits_on_tool
from harriet.people.models import Membership, Stop
from harriet.people.standing_stops import ROW, stops_of
from harriet.people.stop_powers import subject_of
from harriet.people.stop_rules import (
    AGENT,
    CLIENT,
    CLIENT_NAME,
    CONNECTOR,
    PERSON,
    Bearing,
    StandingStop,
    lets_through,
    names,
)

Says = Literal["yes", "perhaps", "hold", "refuse"]
MOST_STOPS = 20


@dataclass(frozen=True, slots=True)
class Beside:
    """Something that is asked whatever the profile; `says` is "perhaps" where it depends on the client or device."""

    question: str
    sentence: str
    says: Says


def besides(membership: Membership, tool: Tool) -> list[Beside]:
    """What decides most comes first."""
    of_others = _of_others(PERSON, membership.user_id) | _of_others(CONNECTOR, tool.connector_id) | Q(kind=AGENT)
    standing = stops_of(membership.organization).exclude(of_others)[:MOST_STOPS]
    stops = [_of_stop(stop, membership, tool) for stop in standing]
    limits = [one for limit in limits_on_tool(membership, tool) for one in _of_limit(limit, tool)]
    found = [one for one in stops if one is not None] or [_NO_STOP]
    return sorted([*found, *limits], key=lambda one: _ORDER[one.says])


def _of_others(kind: str, subject_id: UUID) -> Q:
    return Q(kind=kind) & ~Q(subject=str(subject_id))


_ORDER: dict[Says, int] = {"refuse": 0, "hold": 1, "perhaps": 2, "yes": 3}
_STOPPED, _LIMITED = "Is it stopped?", "Is a limit reached?"
_NO_STOP = Beside(_STOPPED, "No emergency stop that stands is about it.", "yes")


def _of_stop(stop: Stop, membership: Membership, tool: Tool) -> Beside | None:
    """None for a stop that is about others."""
    row = StandingStop(*(getattr(stop, column) for column in ROW))
    since = f"since {stop.began_at:%d %B %Y, %H:%M} UTC: {stop.reason}"
    if stop.kind in (CLIENT, CLIENT_NAME):
        words = subject_of(stop).words
        return Beside(_STOPPED, f"{words[:1].upper()}{words[1:]} are stopped {since}", "perhaps")
    bearing = _bearing(membership, tool)
    if not names(row, bearing):
        return None
    if lets_through(row, bearing):
        return Beside(_STOPPED, f"The stop of {subject_of(stop).words} lets this run again. It stands {since}", "yes")
    return Beside(_STOPPED, f"Stopped {since}", "refuse")


def _bearing(membership: Membership, tool: Tool) -> Bearing:
    """With any client: as the gateway knows a call of the person's."""
    return Bearing(
        persons=(str(membership.user_id),),
        connector=str(tool.connector_id),
        risk=tool.risk if tool.kind == Tool.Kind.TOOL else Risk.READ_ONLY.value,
        groups=frozenset(row["group"] for row in groups_with(membership)),
    )


def _of_limit(one: LimitInUse, tool: Tool) -> list[Beside]:
    limit = one.limit
    told = [_reached(limit, use, tool) for use in one.reached]
    if told:
        return told
    used = "".join(f" {use.calls:,} used today{_by(limit, use)}." for use in one.uses)
    minute = " How much of a minute is used is not kept." if limit.per_minute else ""
    words = limit_words(limit)
    return [Beside(_LIMITED, f"{words[:1].upper()}{words[1:]}.{used}{minute}", "perhaps" if minute else "yes")]


def _reached(limit: CallLimit, use: Use, tool: Tool) -> Beside:
    """A device's limit is none of the person's other devices."""
    assert limit.per_day is not None
    words = number_words(
        limit.per_day, "a day", _whose(limit, use, tool), counts_writes=limit.counts == CallLimit.Counts.WRITES
    )
    holds = limit.at_limit == AtLimit.HOLD
    then = "an approver decides on each call" if holds else "calls are refused"
    says: Says = "perhaps" if limit.kind == CallLimit.Kind.DEVICE else "hold" if holds else "refuse"
    return Beside(_LIMITED, f"At {words}: {use.calls:,} used. Until midnight UTC {then}.", says)


def _whose(limit: CallLimit, use: Use, tool: Tool) -> str:
    if limit.subject is not None:
        return whose_words(limit)
    if limit.kind == CallLimit.Kind.TOOL:
        return f"the tool {use.name} of {tool.connector.name}"
    return f"the device {use.name}" if limit.kind == CallLimit.Kind.DEVICE else use.name


def _by(limit: CallLimit, use: Use) -> str:
    return f" by {use.name}" if limit.kind == CallLimit.Kind.DEVICE else ""
