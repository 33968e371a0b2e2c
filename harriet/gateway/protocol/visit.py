"""The value that both eras work on: a request that was let in."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.access.facts import ProfileRow
from harriet.gateway.errors import HttpRefusal, InsufficientScope
from harriet.gateway.http.challenges import insufficient_scope
from harriet.gateway.http.exchange import HttpExchange
from harriet.gateway.policy.principal import Principal
from harriet.gateway.policy.snapshot import Snapshot, view_of
from harriet.gateway.policy.view import View
from harriet.gateway.runtime import Runtime
from harriet.gateway.streams.sessions import OpenSession


@dataclass(slots=True)
class Visit:
    """An admitted request: who it is from, and the profile that it is at."""

    runtime: Runtime
    exchange: HttpExchange
    snapshot: Snapshot
    principal: Principal
    profile: ProfileRow
    session: OpenSession | None = None
    unknown_session: HttpRefusal | None = None
    """Why there is none, though the client named one."""

    def challenge(self, problem: InsufficientScope) -> None:
        """The client hears with its 403 what its next token needs."""
        path = self.exchange.scope["path"]
        self.exchange.reply.more_headers += (insufficient_scope(path, problem.scope),)

    def view(self) -> View:
        """What this caller may use of the profile."""
        return view_of(self.snapshot, self.principal, self.profile)
