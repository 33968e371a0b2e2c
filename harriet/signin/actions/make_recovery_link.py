"""Makes the one-time link with which somebody who forgot their password sets a new one; it is shown once."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from audit.actor import Actor
from audit.record import record
from harriet.lib.secret import Secret
from harriet.people.actors import OPERATOR, person_behind, person_label
from harriet.people.models import Membership, RecoveryLink
from harriet.people.recovery_rules import check_may_recover
from harriet.people.tokens import new_token
from harriet.signin.actions.tell_of_recovery import tell_of_recovery
from harriet.signin.events import RecoveryLinkMade

LASTS = timedelta(hours=2)
RECOVER = "/recover/{}/"


@transaction.atomic
def make_recovery_link(membership: Membership, *, actor: Actor) -> Secret:
    """Earlier links for the same person open nothing any more. Raises NotAllowed."""
    check_may_recover(membership, actor=actor)
    user, new = membership.user, new_token("recovery")
    RecoveryLink.objects.filter(user=user, used_at=None, withdrawn_at=None).update(withdrawn_at=Now())
    RecoveryLink.objects.create(
        organization=membership.organization,
        user=user,
        token_hash=new.hash,
        made_by=person_behind(actor),
        expires_at=Now() + LASTS,
    )
    record(RecoveryLinkMade(person=person_label(user)), organization_id=membership.organization_id, actor=actor)
    by = OPERATOR if actor.kind == "system" else actor.label
    tell_of_recovery(membership, f"{by} made a link with which {user.email} can set a new password.", actor=actor)
    return Secret(settings.BASE_URL + RECOVER.format(new.secret.reveal()))
