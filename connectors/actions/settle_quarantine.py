"""Settle what was told of a connector's quarantine, once it is empty. No audit event: what emptied it has one."""

from __future__ import annotations

from connectors.models import Connector, Tool
from harriet.people.actions.settle_matter import settle_matters
from harriet.people.notifications.keys import about_connector
from harriet.people.notifications.kinds import QUARANTINE


def settle_quarantine(connector: Connector) -> None:
    """Nothing while a tool waits for somebody's look."""
    if not Tool.objects.filter(connector=connector, state=Tool.State.QUARANTINED).exists():
        settle_matters(connector.organization_id, quarantine_key(connector))


def quarantine_key(connector: Connector) -> str:
    """The beginning of the keys of all that was told of it."""
    return f"{about_connector(connector.pk)}{QUARANTINE.code} "
