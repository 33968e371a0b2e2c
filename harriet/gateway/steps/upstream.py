"""The way to the servers: what every request on it needs, beside the call."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import NamedTuple
from uuid import UUID

from connectors.transports.kinds import Transports
from harriet.lib.redaction.redactor import Redactor
from vault.opened import OpenCredential
from vault.stored import SealedCredential


class Source(NamedTuple):
    """A connector, and the era in which it is heard."""

    connector_id: UUID
    era: str


OnListChange = Callable[[str, Source, bytes], Awaitable[None]]
"""Is told what a server said in the middle of a call about its lists: the organization's slug, where it was heard, and
the whole message."""

_REDACTORS = 512
"""One for each version of a credential; beyond, the oldest are built anew when they are needed."""


class Upstream:
    """The transports, how long it may take, and what keeps secrets out of the answers."""

    def __init__(self, transports: Transports, *, deadline_seconds: float) -> None:
        """`deadline_seconds`: over everything that one request takes, but for the time in which people answer."""
        self.transports, self.deadline_seconds = transports, deadline_seconds
        self._redactors: OrderedDict[tuple[UUID, int], Redactor] = OrderedDict()

    def redactor(self, sealed: SealedCredential | None, credential: OpenCredential) -> Redactor | None:
        """Built once per credential version; None when nothing secret is used."""
        if sealed is None:
            return None
        key = (sealed.credential_id, sealed.version)
        found = self._redactors.get(key)
        if found is None:
            found = self._redactors[key] = Redactor(credential.secrets)
            if len(self._redactors) > _REDACTORS:
                self._redactors.popitem(last=False)
        return found
