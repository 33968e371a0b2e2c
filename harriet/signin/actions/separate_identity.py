"""Separates a person from their account at the identity provider: when its address went on to somebody else."""

from __future__ import annotations

from django.contrib.sessions.models import Session
from django.db import transaction

from audit.actor import Actor
from audit.record import record
from harriet.people.actions.assert_identity import forget_identity
from harriet.people.actors import person_label
from harriet.people.models import AssertedIdentity, Membership
from harriet.people.permissions import demand
from harriet.people.role_rules import check_may_change
from harriet.people.roles import Power
from harriet.signin.actions.forget_subjects import forget_subjects
from harriet.signin.events import IdentitySeparated
from harriet.signin.models import ProviderSession


def separate_identity(membership: Membership, *, actor: Actor) -> None:
    """Their sessions by the provider end. Raises NotAllowed."""
    demand(actor, membership.organization, Power.MANAGE_PEOPLE)
    check_may_change(membership, actor=actor)
    with transaction.atomic():
        identity = AssertedIdentity.objects.select_for_update().filter(membership=membership).first()
        if identity is None:
            return
        forget_identity(membership)
        forget_subjects([membership], actor=actor)
        keys = ProviderSession.objects.filter(membership=membership).values("session_id")
        Session.objects.filter(pk__in=keys).delete()
        event = IdentitySeparated(person=person_label(membership.user), subject=identity.subject)
        record(event, organization_id=membership.organization_id, actor=actor)
