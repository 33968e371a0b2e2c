"""Step ⑥, for a call that needs the caller's own account at the server: they are shown where to connect it, and the
call goes on by itself once they have.

The address leads to their own page, and proves nothing: whoever opens it signs in, and sees what is theirs. Until the
account is connected nothing has left, so asking again repeats nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any, TypeVar

import msgspec

from audit.actor import SYSTEM
from connectors.access.facts import ConnectorRow
from connectors.actions.ask_to_connect import ask_to_connect
from harriet.gateway.errors import AccountNeeded, ToolRefusal
from harriet.gateway.policy.grant import Grant
from harriet.gateway.processes.database import in_database
from harriet.gateway.questions.rules import may_be_asked
from harriet.gateway.steps.caller_words import missing, refused_words, way_to_connect
from harriet.gateway.steps.patience import Teller, hears_progress
from harriet.gateway.steps.request import Call
from harriet.lib.ids import new_id
from harriet.lib.mcp.methods import ELICITATION_CREATE
from harriet.lib.mcp.notifications import ELICITATION_COMPLETE
from vault.errors import NeedsConsent, NeedsScopes
from vault.oauth.whose import NEVER_CONNECTED

MOST_ASKED = 3
"""In one call: a client that says yes to everything by itself ends, too."""
CONSENT_SECONDS = 300.0
"""That a client which hears progress is kept waiting, once its person said that they go there."""
PERSON_SECONDS = 20.0
"""The same of one that hears none: it is asked again after that, or told where it stands."""
LOOK_EVERY = 1.0
"""Seconds between two looks whether the account is there."""

T = TypeVar("T")
_ANSWER = msgspec.json.Decoder(dict[str, Any]).decode


async def with_account(needed: NeedsConsent, attempt: Callable[[], Awaitable[T]], call: Call, grant: Grant) -> T:
    """What another attempt gives, once the caller has connected: one raises NeedsConsent before anything has left.
    Raises AccountNeeded or ToolRefusal, with the way to connect, when they don't."""
    asking = _Asking(call, grant.tool.connector, needed)
    await asking.tell_inbox()
    for _ in range(MOST_ASKED):
        await asking.ask()
        result = await asking.wait(attempt)
        if result is not None:
            return result
    raise asking.refusal()


class _Asking:
    """One call that waits for its caller's account."""

    def __init__(self, call: Call, connector: ConnectorRow, needed: NeedsConsent) -> None:
        self._call, self._connector, self._needed = call, connector, needed
        self._missing = missing(needed, connector)
        self._id = str(new_id())
        self._teller = Teller(call)

    @property
    def _link(self) -> str:
        return way_to_connect(self._connector)

    def _params(self) -> dict[str, Any]:
        named = {"elicitationId": self._id} if self._call.speaks_sessions else {}
        do = self._missing.do[0].upper() + self._missing.do[1:]
        return {"mode": "url", "message": f"{self._missing.needs} {do} in Harriet.", "url": self._link, **named}

    async def tell_inbox(self) -> None:
        """Of a first time, and of more that is to be allowed: of a connection that ended they were told when it did."""
        user_id = self._call.principal.user_id
        if user_id is None:
            raise ToolRefusal(
                f"{self._connector.name} needs a person's own account, and this client signs in with a key that is "
                "nobody's, so the call was not made. Use a client that a person has connected."
            )
        needed = self._needed
        scopes = needed.scopes if isinstance(needed, NeedsScopes) else ()
        if needed.reason == NEVER_CONNECTED or scopes:
            await in_database(ask_to_connect, self._connector.id, user_id, scopes=scopes, actor=SYSTEM)

    async def ask(self) -> None:
        """Returns once somebody at the client said that they go there."""
        params = _encoded(self._params())
        if not may_be_asked(self._call.asker.capabilities, ELICITATION_CREATE, params):
            raise self.refusal()
        answer = _ANSWER(b"{" + await self._call.asker.ask(ELICITATION_CREATE, params) + b"}")
        result = answer.get("result")
        if not isinstance(result, dict) or result.get("action") != "accept":
            raise ToolRefusal(
                f"{self._missing.needs} {self._missing.undone}, so the call was not made. When you want to, "
                f"{self._missing.do} at {self._link} and make the same call again."
            )

    async def wait(self, attempt: Callable[[], Awaitable[T]]) -> T | None:
        """The result of the call, once the account is there; None when it took too long."""
        until = monotonic() + self._patience()
        while not self._call.stream.is_gone:
            try:
                result = await attempt()
            except NeedsConsent:
                if monotonic() >= until:
                    return None
            else:
                await self._tell_complete()
                return result
            await self._teller.say(self._missing.waiting)
            await asyncio.sleep(LOOK_EVERY)
        return None

    def _patience(self) -> float:
        """Seconds from now. A client that has just asked its person something waits longer than one of which nothing is
        known."""
        if self._call.patience is not None:
            return min(self._call.patience, CONSENT_SECONDS)
        return CONSENT_SECONDS if hears_progress(self._call) else PERSON_SECONDS

    async def _tell_complete(self) -> None:
        """Clients close their window by it (SPEC 2025-11-25 client/elicitation)."""
        if self._call.speaks_sessions:
            said = {"jsonrpc": "2.0", "method": ELICITATION_COMPLETE, "params": {"elicitationId": self._id}}
            await self._call.stream.notify(msgspec.json.encode(said))

    def refusal(self) -> ToolRefusal | AccountNeeded:
        """In the shape that its client can do most with: by its protocol, or as text with the link in it."""
        told = refused_words(self._needed, self._connector)
        params = self._params()
        if self._call.speaks_sessions and may_be_asked(self._call.declared or {}, ELICITATION_CREATE, _encoded(params)):
            return AccountNeeded(told, [params])
        return ToolRefusal(told)


def _encoded(params: dict[str, Any]) -> bytes:
    return msgspec.json.encode(params)
