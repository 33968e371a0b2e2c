"""Tell somebody, quietly and once, that a connector needs an account of theirs; and settle it once they connected it.

No audit events: the call that needs it has its own, and so has the connecting.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.urls import reverse

from audit.actor import Actor
from connectors.models import Connector
from harriet.people.actions.settle_matter import settle_matter
from harriet.people.actions.tell_people import tell_people
from harriet.people.notifications.keys import about_connector
from harriet.people.notifications.kinds import CONNECT_ACCOUNT, Matter


def ask_to_connect(connector_id: UUID, user_id: UUID, *, scopes: Sequence[str] = (), actor: Actor) -> None:
    """Nothing for a connector that is gone, or where they were told already. `scopes` are those that a connected
    account lacks."""
    connector = Connector.objects.filter(pk=connector_id).first()
    if connector is None:
        return
    needs = "your own account there. Connect it once."
    if scopes:
        needs = f"more of your account there than was allowed ({', '.join(scopes)[:100]}). You can allow it."
    text = f"A call of yours to {connector.name} was not made: it needs {needs}"
    path = reverse("connections:detail", args=[connector_id])
    tell_people(Matter(CONNECT_ACCOUNT, connector.organization_id, _key(connector_id, user_id), text, path), [user_id])


def settle_connecting(organization_id: UUID, connector_id: UUID, user_id: UUID, *, actor: Actor) -> None:
    settle_matter(organization_id, _key(connector_id, user_id), text="Your account is connected.")


def _key(connector_id: UUID, user_id: UUID) -> str:
    return f"{about_connector(connector_id)}account of {user_id}"
