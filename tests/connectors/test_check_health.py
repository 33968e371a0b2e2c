"""Health: down pauses and resumes by itself, a refused credential asks an admin, only a change is told."""

from __future__ import annotations

from datetime import timedelta

from django.db.models.functions import Now

from audit.models import Event
from connectors.actions.check_health import check_health
from connectors.actions.pause_connector import pause_connector
from connectors.actions.record_health import record_health
from connectors.actions.resume_connector import resume_connector
from connectors.actions.save_authentication import save_authentication
from connectors.actions.test_connection import test_connection as try_connection
from connectors.models import Connector
from connectors.tasks import due_for_sync
from harriet.lib.secret import Secret
from harriet.people.models import Notice, OrganizationVersion
from tests.servers.moody import Server
from tests.stage.cast import Cast
from tests.stage.connectors import Connecting


def check(connector: Connector) -> str:
    """As if half a minute had passed."""
    Connector.objects.filter(pk=connector.pk).update(checked_at=Now() - timedelta(minutes=1))
    check_health()
    connector.refresh_from_db()
    return connector.health


def told() -> int:
    return Event.objects.filter(code="connector.health_changed").count()


def test_a_server_goes_down_and_comes_back(cast: Cast, server: Server, connect: Connecting) -> None:
    connector = connect()
    assert check(connector) == "up" and told() == 0
    gone = Server()
    Connector.objects.filter(pk=connector.pk).update(url=gone.url)
    gone.stop()
    before = OrganizationVersion.objects.get(organization=cast.acme).number
    assert check(connector) == "down" and told() == 1
    assert connector.health_reason
    assert OrganizationVersion.objects.get(organization=cast.acme).number == before + 1
    assert check(connector) == "down" and told() == 1, "said once"
    Connector.objects.filter(pk=connector.pk).update(url=server.url)
    assert check(connector) == "up" and told() == 2


def test_a_server_that_answers_nonsense_is_up(cast: Cast, server: Server, connect: Connecting) -> None:
    connector = connect()
    server.is_broken = True
    assert check(connector) == "up"


def test_a_refused_credential_needs_an_admin_once(cast: Cast, server: Server, connect: Connecting) -> None:
    server.token = "right"
    connector = connect(secret="wrong")
    assert check(connector) == "operator" == check(connector)
    notice = Notice.objects.get()
    assert notice.user == cast.alice and "refuses the organization's credential" in notice.text
    assert "wrong" not in notice.text + connector.health_reason
    save_authentication(connector, type="bearer", secret=Secret("right"), actor=cast.actor(cast.alice))
    assert connector.health == "unknown"
    assert check(connector) == "up"


def test_one_worker_checks_and_nobody_too_often(cast: Cast, server: Server, connect: Connecting) -> None:
    connector = connect()
    assert list(check_health()) == [connector.id]
    assert check_health() == {}


def test_a_paused_connector_is_left_alone(cast: Cast, server: Server, connect: Connecting) -> None:
    connector, alice = connect(), cast.actor(cast.alice)
    assert pause_connector(connector, reason="maintenance", actor=alice)
    assert not pause_connector(connector, actor=alice)
    assert check_health() == {}
    assert resume_connector(connector, actor=alice)
    assert list(check_health()) == [connector.id]


def test_a_call_tells_the_same(cast: Cast, connect: Connecting) -> None:
    connector = connect()
    assert record_health(connector, "down", "The server did not answer.")
    assert not record_health(connector, "down", "The server did not answer.")
    assert told() == 1


def test_findings_are_in_words(cast: Cast, server: Server, connect: Connecting) -> None:
    connector, alice = connect(), cast.actor(cast.alice)
    found = [(one.kind, one.title, one.sentence) for one in try_connection(connector, actor=alice)]
    assert found == [
        ("ok", "Address", "Harriet may connect to this address."),
        ("ok", "Server", "It answered: CRM of Acme 1.2."),
        ("ok", "Protocol", "It speaks MCP 2025-06-18. Sessions (up to 2025-11-25)."),
        ("ok", "Authentication", "It asks for no credential."),
        ("ok", "Tools", "3 found: delete_all, list_contacts, send_mail."),
    ]
    server.token = "secret"
    worst = try_connection(connector, actor=alice)[-1]
    assert (worst.kind, worst.title) == ("attention", "Authentication")
    server.stop()
    worst = try_connection(connector, actor=alice)[-1]
    assert (worst.kind, worst.title) == ("danger", "Server") and "Check the address" in worst.sentence


def test_tools_are_compared_every_hour(cast: Cast, connect: Connecting) -> None:
    connector = connect.synced()
    assert due_for_sync() == []
    connector.sync_runs.update(started_at=Now() - timedelta(hours=2))
    assert due_for_sync() == [connector.id]
