"""Groups and roles as they are named when somebody is allowed something: checked, and in words."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from connectors.errors import ConnectorError
from connectors.models import EVERYONE
from harriet.people.models import Group
from harriet.people.roles import Role

GRANTEE_ROLES = [(EVERYONE, "Everyone"), *Role.choices]
"""What a tool may be given to, beside groups; names are those of the table of roles."""
_LABELS = dict(GRANTEE_ROLES)


def role_label(role: str) -> str:
    """A role of another version of Harriet has no name here but its own."""
    return _LABELS.get(role, role)


def checked_groups(organization_id: UUID, groups: Iterable[Group]) -> list[Group]:
    found = list(groups)
    if any(group.organization_id != organization_id for group in found):
        raise ConnectorError("One of these groups doesn't exist here.", field="groups")
    return sorted(found, key=lambda group: group.name)


def checked_roles(roles: Iterable[str]) -> list[str]:
    found = sorted(set(roles))
    if not set(found) <= _LABELS.keys():
        raise ConnectorError("One of these roles doesn't exist.", field="roles")
    return found


def access_words(groups: Iterable[str], roles: Iterable[str]) -> str:
    """ "the groups Sales, Support and the role Approver", "everyone" or "nobody"."""
    if EVERYONE in roles:
        return "everyone"
    names = [f"group {name}" for name in groups] + [f"role {role_label(role)}" for role in roles]
    return ", ".join(names) or "nobody"
