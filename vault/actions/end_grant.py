"""Ends a grant: here at once, whatever the provider says; then the provider is asked to take it back, too."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from audit.actor import Actor
from audit.record import record
from harriet.people.actors import person_behind
from harriet.people.errors import NotAllowed
from harriet.people.permissions import has_power, membership_of_actor
from harriet.people.roles import Power
from harriet.people.version import move_version
from vault.events import OAuthDisconnected
from vault.models import OAuthGrant
from vault.oauth.given_back import tokens_of
from vault.oauth.revocation import There, note_revoked, revoke_there
from vault.oauth.spool import unspool


def end_grant(grant: OAuthGrant, *, actor: Actor) -> There:
    """By the person whose it is, or by whoever manages credentials. Its tokens are gone when this returns; what is told
    of the provider is what was observed. Raises NotAllowed."""
    _check_may_end(grant, actor)
    with transaction.atomic():
        held = OAuthGrant.objects.select_for_update(of=("self",)).select_related("client__organization", "user")
        mine = held.get(pk=grant.pk)
        tokens = tokens_of(mine)
        if mine.state != OAuthGrant.State.REVOKED:
            mark_ended(mine, actor=actor)
        erase_tokens(OAuthGrant.objects.filter(pk=mine.pk))
    unspool(mine.pk, mine.generation)
    there = revoke_there(mine.client, tokens)
    note_there(mine, there, actor=actor)
    return there


def mark_ended(grant: OAuthGrant, *, actor: Actor) -> None:
    """Inside a transaction: nobody uses or refreshes it any more; what it was is in the log."""
    OAuthGrant.objects.filter(pk=grant.pk).update(
        state=OAuthGrant.State.REVOKED,
        state_reason="",
        revoked_at=Now(),
        next_refresh_at=None,
        lease_owner=None,
        lease_until=None,
    )
    record(
        OAuthDisconnected(
            provider=grant.client.name,
            registration=str(grant.client_id),
            grant=str(grant.pk),
            whose=grant.user.email if grant.user else None,
            account=grant.account,
        ),
        organization_id=grant.organization_id,
        actor=actor,
    )
    move_version(grant.organization_id)


def note_there(grant: OAuthGrant, there: There, *, actor: Actor) -> None:
    note_revoked(grant.client, there, grant=grant, whose=grant.user.email if grant.user else None, actor=actor)


def erase_tokens(ended: QuerySet[OAuthGrant]) -> int:
    """Of those among them that have ended; how many."""
    return ended.filter(state=OAuthGrant.State.REVOKED).update(
        sealed_refresh=None,
        sealed_access=None,
        access_expires_at=None,
        refresh_expires_at=None,
        lease_owner=None,
        lease_until=None,
    )


def _check_may_end(grant: OAuthGrant, actor: Actor) -> None:
    if actor.kind == "system":
        return
    person = person_behind(actor)
    if person is not None and person.pk == grant.user_id:
        return
    if not has_power(membership_of_actor(actor, grant.organization), Power.MANAGE_CREDENTIALS):
        raise NotAllowed("Only the person whose account it is, or an IT admin, can end this connection.")
