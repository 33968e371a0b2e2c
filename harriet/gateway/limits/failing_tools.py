"""A tool whose calls nearly all fail at its server gets no calls for a while, but one now and then, to see whether it
works again. Its connector goes on: the other tools may work.

What is the caller's fault counts nowhere: arguments that don't fit, an account that the server refuses, a call that was
cancelled. A tool's own error may be either, so it counts only where the arguments fit the tool's schema, and only
together with those of another caller.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from time import monotonic
from uuid import UUID

from connectors.access.facts import ToolRow
from connectors.actions.tell_of_failing_tool import tell_end_of_failing, tell_of_failing_tool
from connectors.errors import (
    UpstreamBusy,
    UpstreamDown,
    UpstreamError,
    UpstreamOutOfReach,
    UpstreamRefused,
    UpstreamRefusedCredential,
)
from harriet.gateway.errors import LimitReached, UpstreamSaidError
from harriet.gateway.limits.words import waiting
from harriet.gateway.policy.grant import Grant
from harriet.gateway.processes.background import Background
from harriet.gateway.processes.database import in_database
from harriet.gateway.steps.origin import code_of, is_own_error
from harriet.gateway.steps.request import Call, Sent
from harriet.gateway.steps.schema import INPUT, Schemas
from harriet.lib.mcp.methods import TOOLS_CALL

LAST, FAILED_OF_LAST = 20, 18
"""Calls that are looked at, and how many of them have to have failed."""
FIRST_PAUSE, LONGEST_PAUSE = 30.0, 300.0
"""Seconds until the next try; twice as many after each that fails."""
MOST_TOOLS = 10_000
"""With a failure among their last calls, that are remembered."""

_WORKED = (False, UUID(int=0))
_Ended = tuple[bool, UUID]
"""Whether the server certainly failed, and who called; `_WORKED` for a call that went well."""


@dataclass(slots=True)
class _Recent:
    ended: deque[_Ended] = field(default_factory=lambda: deque(maxlen=LAST))

    def is_failing(self) -> bool:
        failed = [one for one in self.ended if one is not _WORKED]
        if len(failed) < FAILED_OF_LAST:
            return False
        return all(is_certain for is_certain, _ in failed) or len({caller for _, caller in failed}) > 1


@dataclass(slots=True)
class _Pause:
    next_try: float
    seconds: float = FIRST_PAUSE


class FailingTools:
    """As one process saw them."""

    def __init__(self, background: Background, schemas: Schemas) -> None:
        self._background, self._schemas = background, schemas
        self._recent: dict[UUID, _Recent] = {}
        self._paused: dict[UUID, _Pause] = {}

    def check(self, call: Call, tool: ToolRow) -> None:
        """Raises LimitReached while the tool pauses, but for the one call that tries whether it still fails."""
        if not self._paused or (pause := self._paused.get(tool.id)) is None:
            return
        now = monotonic()
        if not call.snapshot.limits.stops_failing:
            self._works(tool)
        elif now >= pause.next_try:
            pause.next_try = now + pause.seconds
        else:
            raise _paused(tool, max(round(pause.next_try - now), 1))

    def saw(self, call: Call, grant: Grant, sent: Sent) -> None:
        """How a call ended."""
        tool = grant.tool
        if sent.problem is None and not sent.is_error:
            if tool.id in self._recent or tool.id in self._paused:
                self._add(tool, _WORKED)
        elif call.method != TOOLS_CALL or not call.snapshot.limits.stops_failing:
            return
        elif sent.problem is None:
            self._background.run(self._own_error(call, grant))
        elif is_servers_fault(sent.problem):
            self._add(tool, (True, call.principal.person.id))

    async def _own_error(self, call: Call, grant: Grant) -> None:
        checker = await self._schemas.checker(grant.tool.pinned_for(call.speaks_sessions), INPUT)
        if checker.check(call.values, len(call.arguments)).fits is not False:
            self._add(grant.tool, (False, call.principal.person.id))

    def _add(self, tool: ToolRow, ended: _Ended) -> None:
        recent = self._recent.get(tool.id)
        if recent is None:
            if len(self._recent) >= MOST_TOOLS:
                del self._recent[next(iter(self._recent))]
            recent = self._recent[tool.id] = _Recent()
        recent.ended.append(ended)
        if ended is _WORKED:
            if tool.id in self._paused or all(one is _WORKED for one in recent.ended):
                self._works(tool)
        elif (pause := self._paused.get(tool.id)) is not None:
            pause.seconds = min(pause.seconds * 2, LONGEST_PAUSE)
            pause.next_try = monotonic() + pause.seconds
        elif recent.is_failing():
            self._paused[tool.id] = _Pause(monotonic() + FIRST_PAUSE)
            self._background.run(in_database(tell_of_failing_tool, tool.id, FAILED_OF_LAST, LAST))

    def _works(self, tool: ToolRow) -> None:
        self._recent.pop(tool.id, None)
        if self._paused.pop(tool.id, None) is not None:
            self._background.run(in_database(tell_end_of_failing, tool.id))


def is_servers_fault(problem: BaseException) -> bool:
    """Whether the server was reached, or may have been, and failed. One that is not reached at all is down as a whole,
    one that asks for fewer calls works, and what it thinks of a credential is no matter of the tool's."""
    if isinstance(problem, UpstreamSaidError):
        return is_own_error(code_of(problem))
    if isinstance(problem, UpstreamRefusedCredential | UpstreamBusy | UpstreamRefused | UpstreamOutOfReach):
        return False
    if isinstance(problem, UpstreamDown):
        return problem.may_have_run
    return isinstance(problem, UpstreamError | TimeoutError)


def _paused(tool: ToolRow, wait: int) -> LimitReached:
    return LimitReached(
        f"Nearly all of the last calls of {tool.name} failed at {tool.connector.name}, so calls of it pause for now "
        f"and this one was not made. It is tried again in {waiting(wait)}; until then use something else, or "
        "tell your person.",
        wait=wait,
    )
