"""Takes over what the directory says of a person now: name, addresses, whether they are active."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.db.models.functions import Now

from audit.actor import Actor
from audit.record import record
from harriet.people.actions.activate_person import activate_person
from harriet.people.actions.deactivate_person import deactivate_person
from harriet.people.actors import person_label
from harriet.people.models import AssertedIdentity, Membership, Organization, User
from harriet.people.permissions import demand
from harriet.people.roles import Power
from harriet.people.version import move_version
from harriet.signin.actions.assert_groups import assert_groups
from harriet.signin.descriptions import ATTRIBUTES, PersonDescription
from harriet.signin.errors import Taken
from harriet.signin.events import PersonDescribed
from harriet.signin.models import ScimUser

_KEPT = ("user_name", "external_id", "formatted_name", "given_name", "family_name", "display_name", "employee_number")


def describe_person(membership: Membership, said: PersonDescription, *, actor: Actor) -> None:
    """All of it in one transaction, with the end of their access when they are active no more. Raises PeopleError."""
    demand(actor, membership.organization, Power.MANAGE_PEOPLE)
    check_user_name(membership.organization, said.user_name, besides=membership)
    try:
        with transaction.atomic():
            keep_description(membership, said, actor=actor)
    except IntegrityError:
        raise Taken(f"There is already a user with the userName {said.user_name} here.", field="userName") from None
    if said.is_active is False and membership.is_active:
        deactivate_person(membership, actor=actor)
    elif said.is_active and not membership.is_active:
        activate_person(membership, actor=actor)


def check_user_name(organization: Organization, user_name: str, *, besides: Membership | None = None) -> None:
    """Nobody else whom the directory can see is called so, nor has it as their address. Raises Taken."""
    described = Q(scim__user_name__iexact=user_name, scim__deleted_at=None)
    same = Membership.objects.filter(Q(user__email__iexact=user_name, scim=None) | described, organization=organization)
    if (same.exclude(pk=besides.pk) if besides else same).exists():
        raise Taken(f"There is already a user with the userName {user_name} here.", field="userName")


def keep_description(membership: Membership, said: PersonDescription, *, actor: Actor) -> None:
    """Inside the caller's transaction. The event says which parts changed."""
    before = ScimUser.objects.filter(membership=membership).first()
    values = {name: getattr(said, name) for name in _KEPT} | {"emails": [one.as_json() for one in said.emails]}
    changed = [name for name, value in values.items() if before is None or getattr(before, name) != value]
    if before is not None and not changed and before.deleted_at is None:
        return
    if before is None:
        ScimUser.objects.create(membership=membership, organization=membership.organization, **values)
    else:
        ScimUser.objects.filter(pk=before.pk).update(modified_at=Now(), deleted_at=None, **values)
    _call(membership, said)
    _assert(membership, said)
    parts = ", ".join(ATTRIBUTES.get(name, name) for name in changed) or "as before"
    record(
        PersonDescribed(person=person_label(membership.user), parts=parts),
        organization_id=membership.organization_id,
        actor=actor,
    )


def _call(membership: Membership, said: PersonDescription) -> None:
    """The account is called as the directory says, unless another organization knows the person, too."""
    elsewhere = Membership.objects.filter(user=membership.user_id).exclude(organization=membership.organization_id)
    if said.full_name and said.full_name != membership.user.name and not elsewhere.exists():
        User.objects.filter(pk=membership.user_id).update(name=said.full_name)
        membership.user.name = said.full_name
        move_version(membership.organization_id)


def _assert(membership: Membership, said: PersonDescription) -> None:
    """What is passed on to servers, and that the directory says it: a sign-in's own subject stays, its groups don't
    count any more."""
    facts = {"source": AssertedIdentity.Source.SCIM, "email": said.address, "employee_id": said.employee_number}
    if AssertedIdentity.objects.filter(membership=membership).update(asserted_at=Now(), **facts):
        move_version(membership.organization_id)
    else:
        AssertedIdentity.objects.create(
            membership=membership,
            provider_id=membership.organization_id,
            subject=subject_for(membership, said.external_id),
            **facts,
        )
    assert_groups([membership.pk])


def subject_for(membership: Membership, external_id: str) -> str:
    """By which servers know somebody of whom the directory alone speaks: its own id, unless another has it."""
    subject = external_id or str(membership.pk)
    others = AssertedIdentity.objects.exclude(membership=membership)
    is_taken = others.filter(provider_id=membership.organization_id, subject=subject).exists()
    return str(membership.pk) if is_taken else subject
