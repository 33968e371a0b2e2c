"""Notes that somebody set their password through a mail: the address is theirs, and whoever knew the old one is out."""

from __future__ import annotations

from django.db import transaction
from django.db.models.functions import Now

from audit.record import record
from harriet.people.actors import actor_of, person_label
from harriet.people.events import AddressProved
from harriet.people.models import AccessToken, User
from harriet.people.version import move_version


def prove_address(user: User) -> bool:
    """True when it had not been proved. Call when the new password is set, which ended every session.

    Whoever had the account before may keep tokens: they are all revoked.
    """
    with transaction.atomic():
        if not User.objects.filter(pk=user.pk, is_proven=False).update(is_proven=True, vouched_by=None):
            return False
        AccessToken.objects.filter(user=user, revoked_at=None).update(revoked_at=Now())
        for membership in user.memberships.all():
            move_version(membership.organization_id)
            record(
                AddressProved(person=person_label(user)),
                organization_id=membership.organization_id,
                actor=actor_of(user),
            )
    user.is_proven, user.vouched_by = True, None
    return True
