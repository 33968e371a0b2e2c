"""Says what a group at the identity provider means here, or takes that back."""

from __future__ import annotations

from django.db import transaction

from audit.actor import Actor
from audit.record import record
from harriet.people.errors import PeopleError
from harriet.people.models import Group
from harriet.people.permissions import demand
from harriet.people.role_rules import check_role
from harriet.people.roles import Power, Role
from harriet.signin.claims import LONGEST_VALUE
from harriet.signin.events import MappingChanged
from harriet.signin.models import ClaimMapping, IdentityProvider

MOST_MAPPINGS = 500


def add_mapping(
    provider: IdentityProvider, value: str, group: Group | None, role: str, *, actor: Actor
) -> ClaimMapping:
    """It holds from each person's next sign-in on. Raises PeopleError or NotAllowed."""
    demand(actor, provider.organization, Power.MANAGE_ORGANIZATION)
    value = value.strip()
    if not value or len(value) > LONGEST_VALUE:
        raise PeopleError(f"Give the group as the provider sends it, up to {LONGEST_VALUE} characters.", field="value")
    if (group is None) == (not role):
        raise PeopleError("Choose either a group or a role that it means here.", field="group")
    if group is not None and group.organization_id != provider.organization_id:
        raise PeopleError("This group belongs to another organization.", field="group")
    if role:
        check_role(provider.organization, role, actor=actor)
    with transaction.atomic():
        IdentityProvider.objects.select_for_update().get(pk=provider.pk)
        same = ClaimMapping.objects.filter(provider=provider)
        if same.filter(value=value, group=group, role=role).exists():
            raise PeopleError("This is mapped already.", field="value")
        if same.count() >= MOST_MAPPINGS:
            raise PeopleError(f"A provider has at most {MOST_MAPPINGS} mappings.")
        mapping = ClaimMapping.objects.create(provider=provider, value=value, group=group, role=role)
        _tell(mapping, "set", actor)
    return mapping


def remove_mapping(mapping: ClaimMapping, *, actor: Actor) -> None:
    """People keep what it gave them until somebody takes it from them. Raises NotAllowed."""
    demand(actor, mapping.provider.organization, Power.MANAGE_ORGANIZATION)
    with transaction.atomic():
        if ClaimMapping.objects.filter(pk=mapping.pk).delete()[0]:
            _tell(mapping, "took back", actor)


def _tell(mapping: ClaimMapping, what: str, actor: Actor) -> None:
    gives = f"the group {mapping.group.name}" if mapping.group else f"the role {Role(mapping.role).label}"
    event = MappingChanged(provider=mapping.provider.name, what=what, value=mapping.value, gives=gives)
    record(event, organization_id=mapping.provider.organization_id, actor=actor)
