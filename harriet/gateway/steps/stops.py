"""Emergency stops, as this process knows them: what they keep from running, and what they end.

They travel beside the snapshots and not in them: one small query, of all stops that stand, answers for every
organization, and nothing has to be compiled before a stop holds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from connectors.models import Risk, Tool
from harriet.gateway.errors import Stopped
from harriet.gateway.policy.grant import Grant
from harriet.gateway.policy.principal import Principal
from harriet.gateway.steps.explain import NOT_KNOWN, RAN
from harriet.gateway.steps.request import Call, Sent
from harriet.people.stop_rules import NOTHING_SENT, Bearing, StandingStop, covering

_ENDED = "It was sent, and ended while its server worked on it. " + NOT_KNOWN
_BEFORE = "The call was ended before it was sent."


class UnderWay:
    """A call between its intent and its outcome."""

    __slots__ = ("call", "grant", "stop", "task")

    def __init__(self, call: Call, grant: Grant, task: asyncio.Task[Any] | None) -> None:
        self.call, self.grant, self.task = call, grant, task
        self.stop: StandingStop | None = None
        """What ended it."""

    def end(self, stop: StandingStop) -> None:
        if self.stop is None and self.task is not None:
            self.stop = stop
            self.task.cancel("An emergency stop ended the call.")

    def cause_of(self, problem: BaseException, sent: Sent) -> BaseException:
        """What the call ended by: a stop, where its task was cancelled for one. Says no more than is known."""
        if self.stop is None or self.task is None or not isinstance(problem, asyncio.CancelledError):
            return problem
        self.task.uncancel()
        if sent.is_answered:
            return Stopped(self.stop, RAN, may_have_run=True)
        return Stopped(self.stop, _ENDED if sent.has_left else _BEFORE, is_outcome_open=sent.has_left)


class Stops:
    """The stops that stand, by organization, and the calls of this process that they may end."""

    def __init__(self, changed: Callable[[set[UUID]], None]) -> None:
        """`changed` is told the organizations in which other stops stand now, after what runs was ended."""
        self._changed = changed
        self._standing: dict[UUID, list[StandingStop]] = {}
        self._under_way: set[UnderWay] = set()

    def looked(self, rows: Iterable[StandingStop]) -> None:
        """What stands now, in all organizations."""
        found: dict[UUID, list[StandingStop]] = {}
        for row in rows:
            found.setdefault(row.organization_id, []).append(row)
        if found == self._standing:
            return
        before, self._standing = self._standing, found
        changed = {one for one in found.keys() | before.keys() if found.get(one) != before.get(one)}
        self._end_covered(changed)
        self._changed(changed)

    def check(self, call: Call, grant: Grant, fate: str = NOTHING_SENT) -> None:
        """Raises Stopped."""
        if self._standing and (stop := self._on(call, grant)) is not None:
            raise Stopped(stop, fate)

    def begin(self, call: Call, grant: Grant) -> UnderWay:
        """From now on a stop ends it. Raises Stopped."""
        self.check(call, grant)
        under_way = UnderWay(call, grant, asyncio.current_task())
        self._under_way.add(under_way)
        return under_way

    def end(self, under_way: UnderWay) -> None:
        self._under_way.discard(under_way)

    def on_stream(self, organization_id: UUID, principal: Principal, client: str) -> StandingStop | None:
        """What ends a stream on which somebody hears of changes."""
        stops = self._standing.get(organization_id)
        return covering(stops, _bearing(principal, client)) if stops else None

    def on_server(self, organization_id: UUID, connector_id: UUID, user_id: UUID | None = None) -> StandingStop | None:
        """What keeps Harriet from asking a server for its lists, and from listening to it."""
        stops = self._standing.get(organization_id)
        if not stops:
            return None
        persons = (str(user_id),) if user_id else ()
        return covering(stops, Bearing(persons, connector=str(connector_id), risk=Risk.READ_ONLY.value))

    def _on(self, call: Call, grant: Grant) -> StandingStop | None:
        stops = self._standing.get(call.snapshot.facts.id)
        if not stops:
            return None
        tool = grant.tool
        risk = tool.risk if tool.kind == Tool.Kind.TOOL else Risk.READ_ONLY.value
        bearing = _bearing(call.principal, call.client)
        return covering(stops, bearing._replace(connector=str(tool.connector.id), risk=risk))

    def _end_covered(self, changed: set[UUID]) -> None:
        for one in list(self._under_way):
            if one.call.snapshot.facts.id in changed and (stop := self._on(one.call, one.grant)) is not None:
                one.end(stop)


def _bearing(principal: Principal, client: str) -> Bearing:
    whose = principal.user_id or principal.answered_by
    return Bearing(
        persons=(str(whose),) if whose else (),
        agent=str(principal.agent_id) if principal.agent_id else "",
        client=principal.client_key,
        client_name=client.lower(),
        groups=principal.caller.group_ids,
    )
