"""Revokes a token: it opens nothing any more, anywhere, within a second."""

from __future__ import annotations

from django.db import transaction
from django.db.models.functions import Now

from audit.actor import Actor
from audit.record import record
from harriet.people.actions.settle_matter import settle_matter
from harriet.people.actions.tell_of_known_keys import key_of
from harriet.people.actors import device_label, person_label
from harriet.people.events import TokenRevoked
from harriet.people.holders import demand_own
from harriet.people.models import AccessToken
from harriet.people.version import move_version


def revoke_token(token: AccessToken, *, actor: Actor) -> None:
    """At once, and for good. Raises NotAllowed."""
    demand_own(actor, token.organization, token.user)
    with transaction.atomic():
        if not AccessToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=Now()):
            return
        move_version(token.organization_id)
        settle_matter(token.organization_id, key_of(token.pk))
        record(
            TokenRevoked(
                token=token.name,
                person=person_label(token.user) if token.user else None,
                device=device_label(token.device) if token.device else None,
            ),
            organization_id=token.organization_id,
            actor=actor,
        )
