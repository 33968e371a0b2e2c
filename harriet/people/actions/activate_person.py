"""Lets a deactivated person in again. Tokens that were revoked stay revoked, and browsers sign in anew."""

from __future__ import annotations

from django.contrib.sessions.models import Session
from django.db import transaction

from audit.actor import Actor
from audit.record import record
from harriet.people.actors import person_label
from harriet.people.events import PersonActivated
from harriet.people.models import BrowserSession, Membership
from harriet.people.permissions import demand
from harriet.people.rights_given import note_rights_of
from harriet.people.role_rules import check_may_change
from harriet.people.roles import Power
from harriet.people.version import move_version


def activate_person(membership: Membership, *, actor: Actor) -> Membership:
    """Their role and groups count again; their tokens stay revoked. Raises NotAllowed or PeopleError."""
    demand(actor, membership.organization, Power.MANAGE_PEOPLE)
    check_may_change(membership, actor=actor)
    with transaction.atomic():
        if not Membership.objects.filter(pk=membership.pk, is_active=False).update(is_active=True):
            return membership
        _end_sessions(membership)
        note_rights_of(membership, actor)
        move_version(membership.organization_id)
        record(
            PersonActivated(person=person_label(membership.user)),
            organization_id=membership.organization_id,
            actor=actor,
        )
    membership.is_active = True
    return membership


def _end_sessions(membership: Membership) -> None:
    """Of somebody who belonged nowhere meanwhile: a browser that was signed in before is not in again by itself."""
    if Membership.objects.filter(user=membership.user_id, is_active=True).exclude(pk=membership.pk).exists():
        return
    mine = BrowserSession.objects.filter(user=membership.user_id)
    Session.objects.filter(pk__in=list(mine.values_list("session_id", flat=True))).delete()
