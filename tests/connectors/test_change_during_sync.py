"""What an admin changes while a sync runs waits for the sync, and the sync never for the admin: both are done."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from connectors.actions.accept_tool_change import accept_tool_change
from connectors.actions.add_limit import add_limit
from connectors.actions.delete_connector import delete_connector
from connectors.actions.note_definition import note_definition
from connectors.actions.save_connection import save_connection
from connectors.actions.set_tool import set_tool
from connectors.actions.sync_connector import sync_connector
from connectors.models import CallLimit, Connector, Tool
from tests.servers.moody import Server, tool
from tests.stage.cast import Cast
from tests.stage.connectors import Connecting, proposed_of
from tests.stage.waiting import wait_for_a_lock

pytestmark = pytest.mark.django_db(transaction=True)


def risk(cast: Cast, crm: Connector) -> None:
    set_tool(crm.tools.get(name="delete_all"), risk_override="moderate", actor=cast.actor(cast.alice))


def acceptance(cast: Cast, crm: Connector) -> None:
    mail = crm.tools.get(name="send_mail")
    version = proposed_of(mail)
    assert version is not None
    accept_tool_change(mail, digest=bytes(version.digest), actor=cast.actor(cast.alice))


def removal(cast: Cast, crm: Connector) -> None:
    delete_connector(crm, actor=cast.actor(cast.alice))


def address(cast: Cast, crm: Connector) -> None:
    save_connection(crm, url=f"{crm.url}?tenant=2", allow_internal=True, actor=cast.actor(cast.alice))


@pytest.mark.parametrize("change", [risk, acceptance, address, removal])
def test_neither_ends_the_others_work(
    cast: Cast, server: Server, connect: Connecting, change: Callable[[Cast, Connector], None]
) -> None:
    crm, alice = connect.synced(), cast.actor(cast.alice)
    server.tools[1] = tool("send_mail", description="Sends a mail to a customer.")
    sync_connector(crm, actor=alice)
    server.tools.append(tool("list_orders"))

    def beside() -> None:
        try:
            change(cast, Connector.objects.select_related("organization").get(pk=crm.pk))
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as admins:
        with transaction.atomic():
            Connector.objects.select_for_update(no_key=True).get(pk=crm.pk)
            waiting = admins.submit(beside)
            wait_for_a_lock()
            assert sync_connector(crm, actor=alice).is_success
            assert not waiting.done()
            assert Tool.objects.filter(name="list_orders").exists()
        waiting.result(60)
    assert Connector.objects.exists() is (change is not removal)


def test_a_limit_is_added_while_a_change_of_the_connector_is_noted(cast: Cast, connect: Connecting) -> None:
    crm = connect.synced()

    def beside() -> None:
        try:
            add_limit(cast.acme, CallLimit.Kind.CONNECTOR, crm, per_day=5, actor=cast.actor(cast.alice))
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as admins, transaction.atomic():
        note_definition(crm, by=None, actor=cast.actor(cast.alice))
        admins.submit(beside).result(20)
    assert CallLimit.objects.filter(connector=crm).exists()
