"""Undo the replacement of a connector's secret: the one before it is used again."""

from __future__ import annotations

from django.db import transaction

from audit.actor import Actor
from connectors.actions.note_definition import look_first
from connectors.actions.save_authentication import hold_address, tell_authentication
from connectors.models import Connector
from harriet.people.permissions import demand
from harriet.people.roles import Power
from vault.actions.switch_back import switch_back


@transaction.atomic
def switch_secret_back(
    connector: Connector, *, number: int | None = None, in_use: int | None = None, actor: Actor
) -> Connector:
    """To the one before, or to a kept version. It is not tried first, so that it helps at once. Raises
    CredentialNotFound when it is no longer kept, CredentialRefused when another than `in_use` is in use by now."""
    demand(actor, connector.organization, Power.MANAGE_CONNECTORS)
    hold_address(connector)
    look_first(connector)
    credential = switch_back(connector.organization, connector.id, number=number, in_use=in_use, actor=actor)
    tell_authentication(connector, credential.type, actor=actor)
    return connector
