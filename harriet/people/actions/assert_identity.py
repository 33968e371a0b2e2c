"""Writes down who a person is as the organization's identity provider says it, and that clients may go on."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from audit.actor import Actor
from audit.record import record
from harriet.people.actors import person_label
from harriet.people.events import IdentityAsserted
from harriet.people.models import AssertedIdentity, Membership
from harriet.people.version import move_version


@dataclass(frozen=True, slots=True)
class Asserted:
    """By whom, and what."""

    provider_id: UUID
    source: str
    issuer: str
    subject: str
    email: str = ""
    employee_id: str = ""
    groups: tuple[str, ...] = ()


def assert_identity(membership: Membership, said: Asserted, *, is_sign_in: bool, actor: Actor) -> AssertedIdentity:
    """Call inside the transaction that signs in. What SCIM describes stays SCIM's word; a sign-in adds its subject.
    Only what changes is an event, and moves the version."""
    before = AssertedIdentity.objects.select_for_update().filter(membership=membership).first()
    identity = before or AssertedIdentity(membership=membership)
    was = _facts(identity)
    is_described = before is not None and before.source == AssertedIdentity.Source.SCIM != said.source
    _write(identity, said, is_described)
    identity.asserted_at = Now()
    if is_sign_in:
        identity.signed_in_at, identity.lapsed_at = Now(), None
    identity.save()
    if _facts(identity) != was:
        move_version(membership.organization_id)
    if before is None or was[1:4] != _facts(identity)[1:4]:
        event = IdentityAsserted(person=person_label(membership.user), issuer=said.issuer, subject=said.subject)
        record(event, organization_id=membership.organization_id, actor=actor)
    return identity


def _write(identity: AssertedIdentity, said: Asserted, is_described: bool) -> None:
    identity.provider_id, identity.issuer, identity.subject = said.provider_id, said.issuer, said.subject
    if not is_described:
        identity.source, identity.email = said.source, said.email
        identity.employee_id, identity.groups = said.employee_id, list(said.groups)


def _facts(identity: AssertedIdentity) -> tuple[object, ...]:
    return (
        identity.lapsed_at is None,
        identity.provider_id,
        identity.subject,
        identity.email,
        identity.employee_id,
        tuple(identity.groups),
    )


@transaction.atomic
def lapse_identity(identity: AssertedIdentity) -> bool:
    """The person's AI clients wait for the next sign-in. False when they do already."""
    found = AssertedIdentity.objects.filter(pk=identity.pk, lapsed_at=None).update(lapsed_at=Now())
    if found:
        move_version(identity.membership.organization_id)
    return bool(found)


@transaction.atomic
def forget_identity(membership: Membership) -> None:
    """The person is a local account again. The caller writes the event."""
    AssertedIdentity.objects.filter(membership=membership).delete()
    move_version(membership.organization_id)
