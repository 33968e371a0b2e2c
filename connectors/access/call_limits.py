"""One organization's limits as plain values, found by whom or what they concern: what the gateway asks of each call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from django.db.models import F

from connectors.limits_kept import breakers_of
from connectors.models import AtLimit, Breakers, CallLimit
from connectors.models.limits import REPEAT_SECONDS, REPEATS


class LimitRow(NamedTuple):
    id: UUID
    kind: str
    """Of CallLimit.Kind."""
    subject_id: UUID | None
    """As the log names whom or what is limited: a person by their account. None for each of the kind."""
    counts_writes: bool
    """Calls of tools that are not read-only, and no others."""
    per_minute: int
    """0 for any number."""
    per_day: int
    holds: bool
    """What is beyond it waits for approval, and is not refused."""


@dataclass(frozen=True, slots=True)
class CallLimits:
    """`named` by the id of whom or what is named, `each` by the kind."""

    named: Mapping[UUID, tuple[LimitRow, ...]] = field(default_factory=dict)
    each: Mapping[str, tuple[LimitRow, ...]] = field(default_factory=dict)
    repeats: int = REPEATS
    """The same call by the same caller, within `seconds`; 0 for any number."""
    seconds: int = REPEAT_SECONDS
    holds_repeats: bool = False
    may_repeat: frozenset[UUID] = frozenset()
    """The tools that are called again and again by their nature."""
    counts_reads: bool = False
    """Whether that holds for read-only tools, too."""
    stops_failing: bool = True

    @property
    def is_limiting(self) -> bool:
        """Whether there is any limit."""
        return bool(self.named or self.each)

    @property
    def watches_tickets(self) -> bool:
        """Whether a call that stands on a ticket could be taken for a new one, and refused or run beside it."""
        return self.is_limiting or self.holds_repeats


def load_limits(organization_id: UUID) -> CallLimits:
    """Three queries, of which the last is asked only where some tools are excepted."""
    named: dict[UUID, tuple[LimitRow, ...]] = {}
    each: dict[str, tuple[LimitRow, ...]] = {}
    for row in _rows(organization_id):
        if row.subject_id is None:
            each[row.kind] = (*each.get(row.kind, ()), row)
        else:
            named[row.subject_id] = (*named.get(row.subject_id, ()), row)
    breakers = breakers_of(organization_id)
    return CallLimits(
        named=named,
        each=each,
        repeats=breakers.repeats,
        seconds=breakers.seconds,
        holds_repeats=breakers.repeats > 0 and breakers.at_limit == AtLimit.HOLD,
        may_repeat=_may_repeat(breakers),
        counts_reads=breakers.counts_reads,
        stops_failing=breakers.stops_failing,
    )


def _rows(organization_id: UUID) -> list[LimitRow]:
    """In one order, so that of several that are reached the same one is told each time."""
    found = CallLimit.objects.filter(organization_id=organization_id).annotate(account=F("person__user_id"))
    columns = ("id", "kind", "counts", "per_minute", "per_day", "at_limit")
    ids = ("account", "device_id", "agent_id", "key_id", "tool_id", "connector_id")
    return [
        LimitRow(
            id=limit_id,
            kind=kind,
            subject_id=next((one for one in subjects if one is not None), None),
            counts_writes=counts == CallLimit.Counts.WRITES,
            per_minute=per_minute or 0,
            per_day=per_day or 0,
            holds=at_limit == AtLimit.HOLD,
        )
        for limit_id, kind, counts, per_minute, per_day, at_limit, *subjects in found.order_by("pk").values_list(
            *columns, *ids
        )
    ]


def _may_repeat(breakers: Breakers) -> frozenset[UUID]:
    if breakers.pk is None:
        return frozenset()
    return frozenset(breakers.may_repeat.values_list("pk", flat=True))
