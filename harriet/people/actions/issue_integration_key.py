"""Issues a bearer token that is shared: it belongs to no person and reaches what its groups reach."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction

from audit.actor import Actor
from audit.record import record
from harriet.people.actions.add_person import own_groups
from harriet.people.actions.issue_device_credential import IssuedToken, insert_token
from harriet.people.errors import PeopleError
from harriet.people.events import IntegrationKeyIssued
from harriet.people.models import AccessToken, Group, Membership, Organization, User
from harriet.people.names import clean_name
from harriet.people.permissions import demand
from harriet.people.roles import Power


def issue_integration_key(
    organization: Organization,
    name: str,
    groups: Iterable[Group],
    expires_in_days: int,
    profile_id: UUID | None = None,
    known_to: Iterable[Membership] = (),
    *,
    actor: Actor,
) -> IssuedToken:
    """Groups must be named: a key without one would look as if it worked and reach nothing. `known_to`: who will be
    given it, so that it is replaced when one of them leaves."""
    demand(actor, organization, Power.MANAGE_TOKENS)
    chosen = own_groups(organization, groups)
    if not chosen:
        raise PeopleError("Choose at least one group: the key reaches what its groups may reach.", field="groups")
    name = clean_name(name, longest=80)
    with transaction.atomic():
        issued = insert_token(
            organization,
            AccessToken.Kind.INTEGRATION,
            name=name,
            expires_in_days=expires_in_days,
            profile_id=profile_id,
            actor=actor,
        )
        issued.token.groups.set(chosen)
        issued.token.known_to.set(_accounts(organization, known_to))
        record(
            IntegrationKeyIssued(token=name, groups=", ".join(sorted(group.slug for group in chosen))),
            organization_id=organization.pk,
            actor=actor,
        )
    return issued


def _accounts(organization: Organization, people: Iterable[Membership]) -> list[User]:
    """Raises PeopleError for somebody of another organization."""
    chosen = list(people)
    if any(person.organization_id != organization.pk for person in chosen):
        raise PeopleError("One of these people does not belong to the organization.", field="known_to")
    return [person.user for person in chosen]
