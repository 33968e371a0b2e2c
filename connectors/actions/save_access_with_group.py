"""Say who may call a new connector's tools, with a group that is made for it in the same step."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from audit.actor import Actor
from connectors.actions.save_access import save_access
from connectors.errors import ConnectorError
from connectors.models import Connector
from harriet.people.actions.add_to_group import add_to_group
from harriet.people.actions.create_group import create_group
from harriet.people.errors import PeopleError
from harriet.people.models import Group, Membership


@transaction.atomic
def save_access_with_group(
    connector: Connector,
    *,
    name: str,
    people: Iterable[Membership],
    groups: Iterable[Group],
    roles: Iterable[str] = (),
    requires_confirmation: bool = False,
    actor: Actor,
) -> Connector:
    """Raises ConnectorError beside the field, and then there is no group either."""
    try:
        made = create_group(connector.organization, "", name, actor=actor)
    except PeopleError as refused:
        raise ConnectorError(refused.message, field="new_group") from None
    add_to_group(made, people, actor=actor)
    return save_access(
        connector, groups=[*groups, made], roles=roles, requires_confirmation=requires_confirmation, actor=actor
    )
