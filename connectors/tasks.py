"""What Celery runs for connectors: each task takes ids and calls one action."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task

from audit.actor import SYSTEM
from connectors.actions.check_health import check_health as check
from connectors.actions.forget_old import discard_old_drafts, forget_old
from connectors.actions.remind_of_scopes import remind_of_scopes, settle_ended_scopes
from connectors.actions.sync_connector import sync_connector
from connectors.actions.tell_of_limits import forget_limit_counts, tell_of_limits
from connectors.actions.tell_of_outages import tell_of_outages
from connectors.actions.test_connection import test_connection
from connectors.models import Connector
from connectors.queries import due_for_sync, is_due_for_sync
from harriet.people.actors import actor_of
from harriet.people.models import User

__test__ = False  # pytest: the word "test" in a name is Harriet's own


@shared_task(name="connectors.check_health")
def check_health() -> None:
    """Servers that were not heard of lately are asked whether they answer, and those due are synced."""
    check()
    for connector_id in due_for_sync():
        sync.delay(str(connector_id))


@shared_task(name="connectors.tell_of_outages")
def tell_of_outages_task() -> None:
    """Tells who looks after a connector when its server has been down for some minutes."""
    tell_of_outages()


@shared_task(name="connectors.sync")
def sync(connector_id: str) -> None:
    """Compares what a server offers with what was accepted, unless somebody has just done so."""
    connector = Connector.objects.select_related("organization", "owner").filter(pk=connector_id).first()
    if connector is not None and is_due_for_sync(connector.id):
        sync_connector(connector, actor=SYSTEM)


@shared_task(name="connectors.sync_now")
def sync_now(connector_id: str) -> None:
    """The server said that its lists changed: compares them at once."""
    connector = Connector.objects.select_related("organization", "owner").filter(pk=connector_id).first()
    if connector is not None and connector.state == Connector.State.ACTIVE:
        sync_connector(connector, actor=SYSTEM)


@shared_task(name="connectors.tell_of_limits")
def tell_of_reached_limits() -> None:
    """Tells owners and IT admins of limits that were reached today, once each, and forgets old counts."""
    tell_of_limits()
    forget_limit_counts()


@shared_task(name="connectors.forget_old")
def forget_old_task() -> None:
    """Forgets syncs of last month, previews, definitions that servers only passed through, and drafts that nobody went
    on with."""
    forget_old()
    discard_old_drafts()


@shared_task(name="connectors.remind_of_scopes")
def remind_of_scopes_task() -> None:
    """Tells whoever may change it, before a scope of an autonomous profile ends."""
    remind_of_scopes()
    settle_ended_scopes()


@shared_task(name="connectors.sync_for")
def sync_for(connector_id: str, user_id: str) -> None:
    """Somebody asked for it in the list, together with others: compares them as that person."""
    connector, user = _asked(connector_id, user_id)
    if connector is not None and user is not None:
        sync_connector(connector, actor=actor_of(user))


@shared_task(name="connectors.test_for")
def test_for(connector_id: str, user_id: str) -> None:
    """Somebody asked for it in the list, together with others: tests the connection as that person."""
    connector, user = _asked(connector_id, user_id)
    if connector is not None and user is not None:
        test_connection(connector, actor=actor_of(user))


def _asked(connector_id: str, user_id: str) -> tuple[Connector | None, User | None]:
    """None of what is gone meanwhile, and of a draft."""
    connectors = Connector.objects.select_related("organization", "owner").exclude(state=Connector.State.DRAFT)
    return connectors.filter(pk=connector_id).first(), User.objects.filter(pk=user_id).first()


def sync_connector_soon(connector_id: UUID) -> None:
    sync_now.delay(str(connector_id))
