"""What calls were made, as CallUsage counted them: by caller, tool, connector and client, and how long they took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import OuterRef, Subquery

from audit.models import CALLS, CallUsage, Mark, UsageMark

BOUNDS = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000)
"""Milliseconds: up to each of them a number of calls is kept, and one of those that took longer. Rows hold numbers in
this order: never change it."""
FAILED = {"caller": "of_caller", "harriet": "of_harriet", "upstream": "of_upstream"}
"""By the origin in the event, the column."""
_Of = CallUsage.Of
_KEYS = {_Of.PERSON: "person_id", _Of.TOOL: "tool_id", _Of.CONNECTOR: "connector_id", _Of.CLIENT: "client"}
_KNOWN = {kind: {column} for kind, column in _KEYS.items()} | {_Of.TOOL: {"tool_id", "connector_id"}}
"""What the rows of each kind tell of a call."""
COUNTS = ("succeeded", *FAILED.values(), "refused", "held", "harriet_us", "upstream_us")
"""The columns of CallUsage that are summed."""
_SUMMED_IN = "32MB"
_ALL = " + ".join(CALLS)
_SUMS = ", ".join(f"sum({name})::bigint AS {name}" for name in COUNTS)


@dataclass(frozen=True, slots=True)
class UsageFilters:
    """Of whom, with what. Nothing for everything."""

    person: UUID | None = None
    connector: UUID | None = None
    tool: UUID | None = None
    client: str | None = None

    @property
    def chosen(self) -> dict[str, UUID | str]:
        """By the column."""
        named = {"person_id": self.person, "connector_id": self.connector, "tool_id": self.tool, "client": self.client}
        return {name: value for name, value in named.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Usage:
    """The numbers of something. `calls` are those that ended or were refused; what was held is told beside."""

    key: str
    succeeded: int = 0
    of_caller: int = 0
    of_harriet: int = 0
    of_upstream: int = 0
    refused: int = 0
    held: int = 0
    harriet_us: int = 0
    upstream_us: int = 0
    label: str = ""
    harriet_times: tuple[int, ...] = ()
    upstream_times: tuple[int, ...] = ()
    connector: str = ""
    """Of a tool: what its connector is called."""

    @property
    def calls(self) -> int:
        return self.succeeded + self.failed + self.refused

    @property
    def failed(self) -> int:
        return self.of_caller + self.of_harriet + self.of_upstream

    @property
    def harriet_time(self) -> Times:
        return Times(self.harriet_us, self.harriet_times)

    @property
    def upstream_time(self) -> Times:
        return Times(self.upstream_us, self.upstream_times)


@dataclass(frozen=True, slots=True)
class Times:
    """How long calls took: the mean, and bounds that half of them, and nineteen of twenty, kept."""

    microseconds: int
    times: Sequence[int] = field(default_factory=tuple)

    @property
    def measured(self) -> int:
        return sum(self.times)

    @property
    def mean(self) -> float | None:
        """Milliseconds; None where nothing was measured."""
        return self.microseconds / 1000 / self.measured if self.measured else None

    def within(self, share: float) -> int | None:
        """The bound in milliseconds that this share of the calls kept; None for more than the last bound, and where
        nothing was measured."""
        reached = 0
        for bound, number in zip(BOUNDS, self.times, strict=False):
            reached += number
            if self.measured and reached >= share * self.measured:
                return bound
        return None

    @property
    def half(self) -> int | None:
        return self.within(0.5)

    @property
    def most(self) -> int | None:
        return self.within(0.95)


class UsagePage(NamedTuple):
    rows: list[Usage]
    after: str
    """The cursor of the next page; empty on the last."""


def usage_by(
    organization_id: UUID, of: str, since: datetime, filters: UsageFilters, *, cursor: str = "", size: int = 50
) -> UsagePage:
    """One page of those who were busiest, by caller, tool, connector or client."""
    key, values = _KEYS[_Of(of)], _values(organization_id, _Of(of), since, filters)
    after = ""
    if (place := _place(cursor)) is not None:
        after = f"HAVING (sum({_ALL}), {key}::text) < (%(calls)s, %(key)s)"
        values |= {"calls": place[0], "key": place[1]}
    with connection.cursor() as database:
        found = _busiest(
            database,
            f"SELECT {key}::text, sum({_ALL})::bigint FROM audit_callusage WHERE {_where(values, filters)}"  # noqa: S608
            f" GROUP BY {key} {after} ORDER BY sum({_ALL}) DESC, {key}::text DESC LIMIT %(size)s",
            values | {"size": size + 1},
        )
    rest = f"{found[size - 1][1]} {found[size - 1][0]}" if len(found) > size else ""
    return UsagePage(_told(organization_id, _Of(of), since, filters, [name for name, _ in found[:size]]), rest)


def _busiest(database: CursorWrapper, query: str, values: dict[str, Any]) -> list[tuple[str, int]]:
    """Who called how often: read from an index that holds nothing else, and summed in memory for a company's people."""
    database.execute(f"SET LOCAL work_mem = '{_SUMMED_IN}'; {query}; SET LOCAL work_mem TO DEFAULT", values)
    while not database.description:
        database.nextset()
    found: list[tuple[str, int]] = database.fetchall()
    return found


def usage_over_time(organization_id: UUID, since: datetime, filters: UsageFilters, unit: str) -> list[Usage]:
    """All together, by the hour or by the day; what is filtered is known by the day alone. The key is when it began."""
    values = _values(organization_id, None, since, filters)
    with connection.cursor() as database:
        database.execute(
            f"SELECT extract(epoch FROM date_trunc(%(unit)s, since, 'UTC'))::bigint::text, {_SUMS}"  # noqa: S608 (no input)
            f" FROM audit_callusage WHERE {_where(values, filters)} GROUP BY 1 ORDER BY 1",
            values | {"unit": unit},
        )
        return [_usage(row[0], row[1:]) for row in database.fetchall()]


def usage_together(organization_id: UUID, since: datetime, filters: UsageFilters) -> Usage:
    """The sum of all of it."""
    values = _values(organization_id, None, since, filters)
    where = _where(values, filters)
    with connection.cursor() as database:
        database.execute(
            f"SELECT {_SUMS}, {_times_of('harriet_times', where)}, {_times_of('upstream_times', where)}"  # noqa: S608 (no input)
            f" FROM audit_callusage WHERE {where}",
            values,
        )
        *sums, harriet_times, upstream_times = database.fetchone()
    return replace(_usage("", sums), harriet_times=tuple(harriet_times), upstream_times=tuple(upstream_times))


def _usage(key: str, sums: Sequence[int | None]) -> Usage:
    """A row of `_SUMS`; there is none of nothing."""
    return Usage(key, **{name: number or 0 for name, number in zip(COUNTS, sums, strict=True)})  # type: ignore[arg-type]


def counted_until(organization_id: UUID) -> datetime | None:
    """Up to when sealed calls are counted; None for up to now, since none is left to count."""
    counted = UsageMark.objects.filter(pk=OuterRef("pk"))
    how_far = {name: Subquery(counted.values(name)) for name in ("sequence", "counted_until")}
    found = Mark.objects.filter(pk=organization_id).values_list("sequence", *how_far.values()).first()
    if found is None:
        return None
    sealed, sequence, until = found
    if sequence is None:
        return datetime.fromtimestamp(0, UTC)
    return None if sequence >= sealed else until


def _times_of(name: str, where: str) -> str:
    """An array of the sums at each place."""
    return (
        f"ARRAY(SELECT sum(number)::bigint FROM audit_callusage, unnest({name}) WITH ORDINALITY AS t (number, n)"  # noqa: S608 (no input)
        f" WHERE {where} GROUP BY n ORDER BY n)"
    )


def _values(organization_id: UUID, of: _Of | None, since: datetime, filters: UsageFilters) -> dict[str, Any]:
    """What is filtered by one thing and counted by another is in the rows of each combination alone. `of` None is for
    all that was filtered, together."""
    chosen = filters.chosen
    return {"organization": organization_id, "of": _rows_of(of, set(chosen)), "since": since, **chosen}


def _rows_of(of: _Of | None, chosen: set[str]) -> _Of:
    """The fewest rows that know what was chosen."""
    if not chosen:
        return _Of.HOUR if of is None else of
    knowing = [kind for kind, columns in _KNOWN.items() if chosen <= columns and of in (None, kind)]
    return min(knowing, key=lambda kind: len(_KNOWN[kind]), default=_Of.EACH)


def _where(values: dict[str, Any], filters: UsageFilters) -> str:
    fixed = "organization_id = %(organization)s AND of = %(of)s AND since >= %(since)s"
    return " AND ".join([fixed, *(f"{name} = %({name})s" for name in filters.chosen)])


def _place(cursor: str) -> tuple[int, str] | None:
    calls, _, key = cursor.partition(" ")
    return (int(calls), key) if calls.isascii() and calls.isdigit() and len(calls) < 19 else None


def _told(organization_id: UUID, of: _Of, since: datetime, filters: UsageFilters, keys: list[str]) -> list[Usage]:
    """With all their numbers, what they are called, and how long their calls took: read for what is shown alone."""
    if not keys:
        return []
    key, values = _KEYS[of], _values(organization_id, of, since, filters) | {"keys": keys}
    where = f"{_where(values, filters)} AND {key} = ANY(%(keys)s{'' if of == _Of.CLIENT else '::uuid[]'})"
    labels = _labels(organization_id, of, keys)
    times: dict[str, list[tuple[int, int]]] = {name: [] for name in keys}
    with connection.cursor() as database:
        database.execute(f"SELECT {key}::text, {_SUMS} FROM audit_callusage WHERE {where} GROUP BY {key}", values)  # noqa: S608
        sums = {name: _usage(name, numbers) for name, *numbers in database.fetchall()}
        database.execute(
            f"SELECT {key}::text, coalesce(sum(harriet), 0)::bigint, coalesce(sum(upstream), 0)::bigint"  # noqa: S608
            " FROM audit_callusage, unnest(harriet_times, upstream_times) WITH ORDINALITY AS t (harriet, upstream, n)"
            f" WHERE {where} GROUP BY {key}, n ORDER BY {key}, n",
            values,
        )
        for name, *numbers in database.fetchall():
            times[name].append(tuple(numbers))
    return [_with(sums[name], labels.get(name, ("", "")), times[name]) for name in keys if name in sums]


def _with(usage: Usage, named: tuple[str, str], times: list[tuple[int, int]]) -> Usage:
    """`times`: in Harriet and at the server, up to each of the bounds."""
    harriet_times, upstream_times = tuple(zip(*times, strict=True)) or ((), ())
    label, connector = named
    return replace(usage, label=label, connector=connector, harriet_times=harriet_times, upstream_times=upstream_times)


def _labels(organization_id: UUID, of: _Of, keys: list[str]) -> dict[str, tuple[str, str]]:
    """The last that the log called them, and what it called a tool's connector."""
    if of == _Of.CLIENT:
        return {key: (key, "") for key in keys}
    column = _KEYS[of]
    mine = CallUsage.objects.filter(organization_id=organization_id, of=of, **{f"{column}__in": keys})
    latest = list(mine.order_by(column, "-since").distinct(column).values_list(column, "label", "connector_id"))
    connectors: dict[str, tuple[str, str]] = {}
    if of == _Of.TOOL:
        connectors = _labels(organization_id, _Of.CONNECTOR, [str(connector) for _, _, connector in latest])
    return {str(key): (label, connectors.get(str(connector), ("", ""))[0]) for key, label, connector in latest}
