"""Between ② and ④: whether a call comes too often. It is counted once, right before ⑤, whoever sends it: at once, after
an approval, or as a step of a run. What is refused, or waits for a person and never runs, counts nowhere; what ends
while its intent is written has counted, because the calls beside it had to know of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from uuid import UUID

from approvals.gate import GateDecision
from connectors.access.call_limits import CallLimits, LimitRow
from connectors.models import CallLimit, Risk
from harriet.gateway.limits.counts import DAY, MINUTE, Counts, Key, window_start
from harriet.gateway.limits.exchange import Exchange
from harriet.gateway.limits.on_tickets import CallsOnTickets
from harriet.gateway.limits.repeats import Repeats
from harriet.gateway.limits.words import beyond, held_beyond, held_repeated, repeated
from harriet.gateway.policy.grant import Grant
from harriet.gateway.policy.principal import Principal
from harriet.gateway.policy.snapshots import Snapshots
from harriet.gateway.steps.request import Call
from harriet.lib.mcp.methods import TOOLS_CALL

_ON_TICKET = GateDecision("hold", "The same call stands on a ticket already: an approver decides on it.")
_Reached = tuple[LimitRow, UUID, int, int]
"""A limit, whose it is, the seconds of its window, and those that are left of it."""


class Limits:
    """The limits of all organizations, as one process keeps them. Nothing here waits."""

    def __init__(self, snapshots: Snapshots) -> None:
        """The windows follow the snapshots' clock: it is the database's, which all processes share."""
        self._clock = snapshots.unix_now
        self._on_tickets = CallsOnTickets(snapshots)
        self._counts = Counts()
        self._repeats = Repeats(self._counts)
        self.exchange = Exchange(self._counts)
        self.is_for_one_call = False
        """This process, or this part of it, lives for one call, and knows nothing of others: it has to learn first."""

    def check(self, call: Call, grant: Grant) -> GateDecision | None:
        """None for a call that may run; the decision to hold one that an approver may let through. Raises
        LimitReached. What is held already is decided on by a person, so repeating it to collect its result is no
        circle."""
        limits, held = call.snapshot.limits, None
        if limits.watches_tickets and self._on_tickets.holds(call, grant):
            return _ON_TICKET
        if limits.repeats and grant.gate.kind == "run" and _can_circle(limits, call, grant):
            held = self._check_repeats(call, grant, limits)
        if limits.is_limiting:
            held = self._check_limits(call, grant, limits) or held
        return held

    def stands_on_ticket(self, call: Call, grant: Grant) -> None:
        """It waits for a person, whatever the reason."""
        if call.snapshot.limits.watches_tickets:
            self._on_tickets.add(call, grant)

    def start(self) -> None:
        self.exchange.start()
        self._on_tickets.start()

    async def stop(self) -> None:
        await self._on_tickets.stop()
        await self.exchange.stop()

    def count(self, call: Call, grant: Grant) -> None:
        """The call is about to leave."""
        limits = call.snapshot.limits
        if limits.repeats and not grant.is_own and _can_circle(limits, call, grant):
            start = window_start(int(self._clock()), limits.seconds)
            self._repeats.add(call, grant, start, limits.seconds)
        if limits.is_limiting:
            now = int(self._clock())
            for row, subject_id in concerning(limits, call, grant):
                for _, seconds in _windows(row):
                    self._counts.add(Key(row.id, subject_id, seconds), window_start(now, seconds))

    async def learn(self, call: Call, grant: Grant) -> None:
        """For a process that lives for this one call."""
        now, limits = int(self._clock()), call.snapshot.limits
        found = (
            (row, subject, seconds) for row, subject in concerning(limits, call, grant) for _, seconds in _windows(row)
        )
        keys = [(Key(row.id, subject, seconds), window_start(now, seconds)) for row, subject, seconds in found]
        if keys:
            await self.exchange.learn(keys)

    def _check_repeats(self, call: Call, grant: Grant, limits: CallLimits) -> GateDecision | None:
        now = int(self._clock())
        start = window_start(now, limits.seconds)
        if self._repeats.made(call, grant, start) < limits.repeats or grant.tool.id in limits.may_repeat:
            return None
        if limits.holds_repeats:
            return GateDecision("hold", held_repeated(limits.repeats, limits.seconds))
        raise repeated(limits.repeats, limits.seconds, start + limits.seconds - now)

    def held(self, call: Call, grant: Grant) -> GateDecision | None:
        """Whether a limit alone would hold the call, for whoever only wants to know."""
        limits = call.snapshot.limits
        refusing, holding = _foremost(self._reached(call, grant, limits)) if limits.is_limiting else (None, None)
        return None if refusing is not None else _decision(holding, call, grant)

    def _check_limits(self, call: Call, grant: Grant, limits: CallLimits) -> GateDecision | None:
        reached = list(self._reached(call, grant, limits))
        for row, subject_id, _, _ in reached:
            self.exchange.turn_away(row.id, subject_id, self._clock())
        refusing, holding = _foremost(reached)
        if refusing is not None:
            row, _, seconds, left = refusing
            raise beyond(row, seconds, left, call, grant)
        return _decision(holding, call, grant)

    def _reached(self, call: Call, grant: Grant, limits: CallLimits) -> Iterator[_Reached]:
        now = int(self._clock())
        for row, subject_id in concerning(limits, call, grant):
            for number, seconds in _windows(row):
                start = window_start(now, seconds)
                if not self._counts.has_room(Key(row.id, subject_id, seconds), number, start):
                    yield row, subject_id, seconds, start + seconds - now


def _foremost(reached: Iterable[_Reached]) -> tuple[_Reached | None, _Reached | None]:
    """A limit that refuses comes before those that hold, and the longest wait before shorter ones."""
    refusing: _Reached | None = None
    holding: _Reached | None = None
    for one in reached:
        if one[0].holds:
            holding = holding or one
        elif refusing is None or one[3] > refusing[3]:
            refusing = one
    return refusing, holding


def _decision(holding: _Reached | None, call: Call, grant: Grant) -> GateDecision | None:
    return GateDecision("hold", held_beyond(holding[0], holding[2], call, grant)) if holding is not None else None


def concerning(limits: CallLimits, call: Call, grant: Grant) -> Iterator[tuple[LimitRow, UUID]]:
    """Every limit that concerns this call, with whom or what it concerns."""
    is_write = call.method == TOOLS_CALL and grant.tool.risk != Risk.READ_ONLY
    for kind, subject_id in _subjects(call.principal, grant):
        for row in (*limits.named.get(subject_id, ()), *limits.each.get(kind, ())):
            if is_write or not row.counts_writes:
                yield row, subject_id


def _subjects(principal: Principal, grant: Grant) -> Iterator[tuple[str, UUID]]:
    yield kind_of(principal), principal.person.id
    if principal.device is not None:
        yield CallLimit.Kind.DEVICE.value, principal.device.id
    yield CallLimit.Kind.TOOL.value, grant.tool.id
    yield CallLimit.Kind.CONNECTOR.value, grant.tool.connector.id


def kind_of(principal: Principal) -> str:
    """A person, an agent, or a key that is nobody's."""
    if principal.user_id is not None:
        return CallLimit.Kind.PERSON.value
    return CallLimit.Kind.KEY.value if principal.agent_id is None else CallLimit.Kind.AGENT.value


def _windows(row: LimitRow) -> Iterator[tuple[int, int]]:
    """How many, within how many seconds."""
    if row.per_minute:
        yield row.per_minute, MINUTE
    if row.per_day:
        yield row.per_day, DAY


def _can_circle(limits: CallLimits, call: Call, grant: Grant) -> bool:
    """Reading the same again and again is no circle by itself."""
    return call.method == TOOLS_CALL and (limits.counts_reads or grant.tool.risk != Risk.READ_ONLY)
