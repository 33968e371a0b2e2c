"""Issues a bearer token for the REST API; it acts with its person's powers, whatever they are at that moment."""

from __future__ import annotations

from django.db import transaction

from audit.actor import Actor
from audit.record import record
from harriet.people.actions.issue_device_credential import IssuedToken, insert_token
from harriet.people.actors import person_label
from harriet.people.errors import NotAllowed
from harriet.people.events import PersonalTokenIssued
from harriet.people.models import AccessToken, Organization, User
from harriet.people.names import clean_name


def issue_personal_token(
    organization: Organization, user: User, name: str, expires_in_days: int, *, actor: Actor
) -> IssuedToken:
    """Only the person in a browser, or the machine: a token that made its like would outlive its own revocation."""
    if actor.kind != "system" and (actor.kind, actor.id) != ("person", user.pk):
        raise NotAllowed("An API token is made by the person themselves, signed in to the pages.")
    name = clean_name(name, longest=80)
    with transaction.atomic():
        issued = insert_token(
            organization, AccessToken.Kind.PERSONAL, name=name, expires_in_days=expires_in_days, user=user, actor=actor
        )
        record(PersonalTokenIssued(person=person_label(user), token=name), organization_id=organization.pk, actor=actor)
    return issued
