"""What the hot path reads: an organization as it was at one version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from audit.event_body import Frame
from connectors.access.call_limits import CallLimits
from connectors.access.facts import OrganizationFacts, ProfileRow
from connectors.identity_tokens import TokenKey
from harriet.gateway.policy.callers import Callers
from harriet.gateway.policy.grant import Grant
from harriet.gateway.policy.principal import Principal
from harriet.gateway.policy.view import View, Views, compiled_view, may_enter
from harriet.people.changes import Moment
from vault.open import Opener
from vault.stored import SealedCredential

MOST_ENTRANCES = 20_000
"""Answers to who may enter what that are kept; one takes some two hundred bytes."""


class KeptFrame(NamedTuple):
    """What the events of a principal's calls of one thing, with one client, have in common. Principal and grant are
    kept alive with it, so that no other object can get the ids by which it is found."""

    principal: Principal
    grant: Grant
    frame: Frame


class Entrance(NamedTuple):
    """Whether a principal may enter a profile; both are kept alive with the answer, for the same reason."""

    principal: Principal
    profile: ProfileRow
    is_open: bool


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An organization as it was at one version. Only `callers`, `views`, `frames` and `entrances` grow, with what is
    first needed."""

    facts: OrganizationFacts
    number: int
    moment: Moment
    """Which transactions it has seen."""
    callers: Callers
    profiles: Mapping[str, ProfileRow]
    credentials: Mapping[UUID, SealedCredential]
    opener: Opener
    limits: CallLimits = field(default_factory=CallLimits)
    """How often calls may be made."""
    views: Views = field(default_factory=Views)
    frames: dict[tuple[int, int, str], KeptFrame] = field(default_factory=dict)
    """By the ids of a principal and a grant, and the client's label."""
    identity_key: TokenKey | None = None
    """Where a connector is told who calls by a signed token."""
    entrances: dict[tuple[int, int], Entrance] = field(default_factory=dict)
    """By the ids of a principal and a profile."""

    def may_enter(self, principal: Principal, profile: ProfileRow) -> bool:
        """`view.may_enter`, decided once for both as they are: neither ever changes."""
        key = (id(principal), id(profile))
        known = self.entrances.get(key)
        if known is None:
            if len(self.entrances) >= MOST_ENTRANCES:
                self.entrances.clear()
            known = self.entrances[key] = Entrance(principal, profile, may_enter(principal, profile))
        return known.is_open

    def profile_of(self, profile_id: UUID) -> ProfileRow | None:
        return self.facts.profiles.get(profile_id)


def view_of(snapshot: Snapshot, principal: Principal, profile: ProfileRow) -> View:
    """What this caller sees of a profile that they may enter (`may_enter` is asked first, for every request)."""
    caller = principal.caller
    key = (profile.id, caller.role, caller.group_ids, principal.scopes, principal.trust)
    view = snapshot.views.get(key)
    if view is None:
        view = compiled_view(snapshot.facts, principal, profile)
        snapshot.views.keep(key, view)
    return view
