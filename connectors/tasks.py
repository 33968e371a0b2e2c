"""What Celery runs for connectors: each task takes ids and calls one action."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task

from audit.actor import SYSTEM
from connectors.actions.check_health import check_health as check
from connectors.actions.sync_connector import sync_connector
from connectors.models import Connector
from connectors.queries import due_for_sync


@shared_task(name="connectors.check_health")
def check_health() -> None:
    """Servers that were not heard of lately are asked whether they answer, and those due are synced."""
    check()
    for connector_id in due_for_sync():
        sync.delay(str(connector_id))


@shared_task(name="connectors.sync")
def sync(connector_id: str) -> None:
    """Compares what a server offers with what was accepted, unless somebody has just done so."""
    connector = Connector.objects.select_related("organization", "owner").filter(pk=connector_id).first()
    if connector is not None and connector.id in due_for_sync():
        sync_connector(connector, actor=SYSTEM)


@shared_task(name="connectors.sync_now")
def sync_now(connector_id: str) -> None:
    """The server said that its lists changed: compares them at once."""
    connector = Connector.objects.select_related("organization", "owner").filter(pk=connector_id).first()
    if connector is not None and connector.state == Connector.State.ACTIVE:
        sync_connector(connector, actor=SYSTEM)


def sync_connector_soon(connector_id: UUID) -> None:
    sync_now.delay(str(connector_id))
