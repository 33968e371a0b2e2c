"""Ends what somebody connected, when their access ends: at once here, and by a worker at the providers, too."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from uuid import UUID

from celery import current_app
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from audit.actor import SYSTEM, Actor
from harriet.lib.ids import new_id
from harriet.people.endings import Ending
from vault.actions.end_grant import erase_tokens, mark_ended, note_there
from vault.models import OAuthClient, OAuthGrant, OAuthRequest
from vault.oauth.given_back import tokens_of
from vault.oauth.revocation import There, revoke_there
from vault.oauth.spool import unspool

AT_ONCE = 50
"""Grants that one turn of the worker takes back."""
TRIED_FOR = timedelta(days=1)
"""A provider that doesn't answer is asked again; after that the tokens are erased, whatever it thinks of them."""
LEASE = timedelta(minutes=1)
"""Longer than two requests may take."""
TASK = "vault.revoke_ended_grants"


def end_grants(ending: Ending) -> None:
    """Docks in `harriet.people.endings.ACCESS`. Ended, their tokens are good for one thing alone: to be taken back. A
    way to a provider on which they are just now leads nowhere."""
    OAuthRequest.objects.filter(organization=ending.organization_id, user=ending.user_id).delete()
    _end(OAuthGrant.objects.filter(organization=ending.organization_id, user=ending.user_id), ending.actor)


def end_sign_ins(organization_id: UUID, user_ids: Iterable[UUID], *, actor: Actor) -> None:
    """Inside a transaction: what renews these people's company sign-ins, and what they were exchanged for, because they
    are over. Nothing brings it back but that they sign in."""
    mine = OAuthGrant.objects.filter(organization=organization_id, user__in=list(user_ids))
    of_sign_in = Q(renewed_by=OAuthGrant.RenewedBy.EXCHANGE) | Q(client__origin=OAuthClient.Origin.SIGN_IN)
    _end(mine.filter(of_sign_in), actor)


def end_other_sign_ins(organization_id: UUID, user_id: UUID, kept: UUID | None, *, actor: Actor) -> None:
    """Inside a transaction: what renewed sign-ins of this person before, at whichever provider."""
    mine = OAuthGrant.objects.filter(organization=organization_id, user=user_id)
    _end(mine.filter(client__origin=OAuthClient.Origin.SIGN_IN).exclude(pk__in=[kept] if kept else []), actor)


def _end(mine: QuerySet[OAuthGrant], actor: Actor) -> None:
    rows = mine.exclude(state=OAuthGrant.State.REVOKED).select_for_update(of=("self",))
    ended = list(rows.select_related("client", "user").order_by("pk"))
    for grant in ended:
        mark_ended(grant, actor=actor)
    if ended:
        transaction.on_commit(partial(current_app.send_task, TASK), robust=True)


def revoke_ended_grants() -> int:
    """Takes ended grants back at their providers; how many of them the providers confirmed."""
    kept = ~Q(sealed_refresh=None) | ~Q(sealed_access=None)
    ended = OAuthGrant.objects.filter(kept, _is_free(), state=OAuthGrant.State.REVOKED).order_by("revoked_at")
    return sum(_revoke(grant_id) for grant_id in list(ended.values_list("pk", flat=True)[:AT_ONCE]))


def _revoke(grant_id: UUID) -> bool:
    """Under a lease, so that one worker asks, and no lock is held meanwhile. Without an answer the lease runs out."""
    owner = new_id()
    mine = OAuthGrant.objects.filter(pk=grant_id, state=OAuthGrant.State.REVOKED)
    if not mine.filter(_is_free()).update(lease_owner=owner, lease_until=Now() + LEASE):
        return False
    grant = mine.filter(lease_owner=owner).select_related("client__organization", "user").first()
    if grant is None:
        return False
    there = revoke_there(grant.client, tokens_of(grant))
    late = mine.filter(revoked_at__lt=Now() - TRIED_FOR).exists()
    if (there.is_final or late) and erase_tokens(mine.filter(lease_owner=owner)):
        unspool(grant.pk, grant.generation)
        note_there(grant, there, actor=SYSTEM)
    return there is There.CONFIRMED


def _is_free() -> Q:
    return Q(lease_until=None) | Q(lease_until__lt=Now())
