"""The callers that one process knows: read from the database when their tokens are first seen, and again when anything
that they depend on has changed. Those who never call cost nothing, however many they are."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from uuid import UUID

from harriet.gateway.policy.principal import Principal, bearers_with
from harriet.lib.batches import in_batches
from harriet.people.changes import Changes
from harriet.people.models import Change

AT_ONCE = 1000
"""Tokens that one query asks for."""


class Callers:
    """The bearers of an organization's tokens. Grows with who calls."""

    __slots__ = ("_by_hash", "_by_token", "_visitors", "get")

    def __init__(self, known: Mapping[bytes, Principal]) -> None:
        self._by_hash = dict(known)
        self._by_token = {one.token_id: one for one in self._by_hash.values()}
        """Of several secrets of a token, the current one, which comes last."""
        self._visitors: dict[UUID, Principal] = {}
        self.get = self._by_hash.get
        """By the hash of a token."""

    def __len__(self) -> int:
        return len(self._by_token)

    def keep(self, found: Mapping[bytes, Principal]) -> None:
        self._by_hash.update(found)
        self._by_token.update({one.token_id: one for one in found.values()})

    def keep_visitor(self, principal: Principal) -> None:
        """Somebody without a token, for whom Harriet calls by itself: for as long as this snapshot is used."""
        self._visitors[principal.token_id] = principal

    def of_token(self, token_id: UUID) -> Principal | None:
        return self._by_token.get(token_id) or self._visitors.get(token_id)

    def tokens(self) -> set[UUID]:
        return set(self._by_token)

    def known(self) -> dict[bytes, Principal]:
        """All of them by the hash of their token, as they are at this moment."""
        return dict(self._by_hash)


def callers_since(organization_id: UUID, known: Mapping[bytes, Principal], changed: Changes | None) -> Callers:
    """Those who were known, as they are now: read again where they depend on something that changed, which all do that
    is not known (None)."""
    doubted = {one.token_id for one in known.values() if changed is None or _depends(one, changed)}
    certain = {key: one for key, one in known.items() if one.token_id not in doubted}
    return Callers(certain | read_callers(organization_id, doubted))


def read_callers(organization_id: UUID, token_ids: Collection[UUID]) -> dict[bytes, Principal]:
    """The bearers of these tokens, however many they are."""
    found: dict[bytes, Principal] = {}
    for some in in_batches(token_ids, AT_ONCE):
        found |= bearers_with(organization_id, some)
    return found


def _depends(principal: Principal, changed: Changes) -> bool:
    if not changed:
        return False
    what, nobody = Change.What, set[UUID]()
    people = changed.get(what.PERSON, nobody)
    return (
        what.CALLERS in changed
        or principal.token_id in changed.get(what.TOKEN, nobody)
        or principal.user_id in people
        or principal.answered_by in people
        or (principal.device is not None and principal.device.id in changed.get(what.DEVICE, nobody))
        or principal.agent_id in changed.get(what.AGENT, nobody)
    )
