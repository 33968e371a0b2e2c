"""Who may renew a grant now: looked at under its row's lock, by the database's clock, in one short transaction.

A lease is committed before the provider is asked: that proves that the database takes writes before a refresh token is
spent, and no lock is held while the provider is waited for. Generation and lease together are the fence: what somebody
brings counts only while both are as they were.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import transaction

from harriet.lib.database_clock import database_now
from vault.errors import (
    NeedsConsent,
    NeedsOperator,
    NeedsOperatorForOne,
    NeedsSignIn,
    NotNow,
    OutcomeUnknown,
    TokenProblem,
)
from vault.models import OAuthGrant
from vault.oauth.spool import is_spooled

LEASE_SECONDS = 30.0
"""Longer than a request may take and its answer needs to be safe."""
SETTLED_SECONDS = 60
"""A token that was given less than this ago isn't renewed because a server refuses it: so would it refuse a new one."""
OUTCOME_UNKNOWN = "outcome_unknown"
_NOT_AHEAD = timedelta(0)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody needs a grant for."""

    rejected_generation: int | None = None
    """A server refused the access token of this generation."""
    ahead: timedelta = _NOT_AHEAD
    """Renewed although it is due only then."""
    is_asked_for: bool = False
    """Somebody said so on a page: due or not, and whatever pause there is."""

    def rejects(self, grant: OAuthGrant) -> bool:
        return self.rejected_generation is not None and self.rejected_generation >= grant.generation


@dataclass(frozen=True, slots=True)
class Good:
    """There is an access token that can be used."""

    grant: OAuthGrant


@dataclass(frozen=True, slots=True)
class Over:
    """Its token has ended, and there is nothing to renew it with."""

    grant: OAuthGrant


@dataclass(frozen=True, slots=True)
class Held:
    """Somebody else is renewing it."""


@dataclass(frozen=True, slots=True)
class Spooled:
    """Its renewal was brought, and whoever did didn't get to put it into the row."""

    grant: OAuthGrant


@dataclass(frozen=True, slots=True)
class Lease:
    """Whoever has it asks the provider, alone."""

    grant: OAuthGrant
    owner: UUID
    began: datetime
    """By the database's clock, before the request."""
    is_second_try: bool
    """An earlier request may have spent the refresh token."""


Look = Good | Over | Held | Spooled | Lease


def look(grant_id: UUID, wanted: Wanted) -> Look:
    """Raises TokenProblem when there is no token and no way to one now; OAuthGrant.DoesNotExist."""
    with transaction.atomic(durable=True):
        mine = OAuthGrant.objects.select_for_update(of=("self",)).select_related("client__organization")
        grant = mine.get(pk=grant_id)
        now = database_now()
        _refuse_ended(grant)
        if grant.lease_until is not None and grant.lease_until > now:
            return Good(grant) if _is_usable(grant, wanted, now) else Held()
        if is_spooled(grant):
            return Spooled(grant)
        if not is_due(grant, wanted, now) or not can_be_renewed(grant):
            return _as_it_is(grant, now)
        pause = _pause(grant, now)
        if pause is not None and not wanted.is_asked_for:
            return _until(grant, wanted, now, pause)
        return _taken(grant, now)


def _refuse_ended(grant: OAuthGrant) -> None:
    if grant.state == OAuthGrant.State.ACTIVE:
        return
    if grant.state == OAuthGrant.State.UNKNOWN and grant.user_id is not None:
        raise outcome_unknown(grant)
    raise needs_consent(grant)


def _is_usable(grant: OAuthGrant, wanted: Wanted, now: datetime) -> bool:
    return not is_over(grant, now) and not wanted.rejects(grant) and not wanted.is_asked_for


def is_due(grant: OAuthGrant, wanted: Wanted, now: datetime) -> bool:
    if wanted.is_asked_for or grant.sealed_access is None or grant.next_refresh_at is None:
        return True
    if wanted.rejects(grant):
        given_at = grant.answered_at if not grant.failures else None
        return given_at is None or given_at + timedelta(seconds=SETTLED_SECONDS) <= now
    ahead = wanted.ahead if not grant.failures else _NOT_AHEAD
    return is_over(grant, now) or grant.next_refresh_at <= now + ahead


def can_be_renewed(grant: OAuthGrant) -> bool:
    return grant.sealed_refresh is not None or grant.renewed_by != OAuthGrant.RenewedBy.REFRESH_TOKEN


def _as_it_is(grant: OAuthGrant, now: datetime) -> Good | Over:
    """Nothing is to be renewed, or nothing can be: what there is serves to its end."""
    return Over(grant) if is_over(grant, now) else Good(grant)


def is_over(grant: OAuthGrant, now: datetime) -> bool:
    return grant.sealed_access is None or grant.access_expires_at is None or grant.access_expires_at <= now


def _pause(grant: OAuthGrant, now: datetime) -> datetime | None:
    """Until when the provider is left alone, for this grant or for all of its registration."""
    own = grant.next_refresh_at if grant.failures else None
    later = [moment for moment in (own, grant.client.retry_at) if moment is not None and moment > now]
    return max(later, default=None)


def _until(grant: OAuthGrant, wanted: Wanted, now: datetime, pause: datetime) -> Good:
    if _is_usable(grant, wanted, now):
        return Good(grant)
    raise needs_operator(grant) if waits_for_operator(grant) else not_now(grant, retry_at=pause)


def waits_for_operator(grant: OAuthGrant) -> bool:
    """Its last renewal was refused for a reason that an admin has to mend, for all of its registration or for it
    alone."""
    return bool(grant.client.problem) or grant.state_reason not in ("", OUTCOME_UNKNOWN)


def _taken(grant: OAuthGrant, now: datetime) -> Lease:
    """A lease that ran out and left no spool file: its request may have left, and what came of it is lost."""
    if grant.lease_owner is not None:
        grant.state_reason = OUTCOME_UNKNOWN
    grant.lease_owner, grant.lease_until = uuid4(), now + timedelta(seconds=LEASE_SECONDS)
    grant.save(update_fields=["lease_owner", "lease_until", "state_reason"])
    return Lease(grant, grant.lease_owner, now, is_second_try=grant.state_reason == OUTCOME_UNKNOWN)


def needs_consent(grant: OAuthGrant, *, reason: str = "") -> TokenProblem:
    """Of what is nobody's in particular, an admin's business."""
    told = reason or grant.state_reason or grant.state
    if grant.user_id is None:
        return NeedsOperator(
            f"The shared account at {grant.client.name} is not connected, so an IT admin has to look at it.",
            client_id=grant.client_id,
            reason=told,
        )
    if grant.renewed_by == OAuthGrant.RenewedBy.EXCHANGE:
        words = (
            f"The person's sign-in could not be exchanged for {grant.client.name}, so they have to sign in once more."
        )
        return NeedsSignIn(words, client_id=grant.client_id, reason=told)
    if grant.is_sign_in:
        words = f"What {grant.client.name} said of the person can't be renewed, so they have to sign in once more."
        return NeedsSignIn(words, client_id=grant.client_id, reason=told)
    return NeedsConsent(
        f"{grant.client.name} has to be connected again, by the person whose account it is.",
        client_id=grant.client_id,
        reason=told,
    )


def outcome_unknown(grant: OAuthGrant) -> OutcomeUnknown:
    return OutcomeUnknown(
        f"A renewal at {grant.client.name} was interrupted and its outcome is unknown, so the account has to be "
        "connected again.",
        client_id=grant.client_id,
        reason=OUTCOME_UNKNOWN,
    )


def needs_operator(grant: OAuthGrant) -> NeedsOperator:
    if not grant.client.problem and waits_for_operator(grant):
        return NeedsOperatorForOne(
            f"{grant.client.name} does not renew this connection, so an IT admin has to look at it. Nobody has to "
            "connect again until it is known why.",
            client_id=grant.client_id,
            reason=grant.state_reason,
        )
    return NeedsOperator(
        f"{grant.client.name} refuses Harriet itself, so an IT admin has to look at it. Nobody has to connect again.",
        client_id=grant.client_id,
        reason=grant.client.problem,
    )


def not_now(grant: OAuthGrant, *, retry_at: datetime | None = None) -> TokenProblem:
    return NotNow(
        f"{grant.client.name} gives no access at the moment. Nothing is lost: try again in a moment.",
        client_id=grant.client_id,
        retry_at=retry_at,
    )
