"""A secret goes only to the address it was entered for; on the same host an owner may say that it stays."""

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import Event
from connectors.actions import test_connection as trying
from connectors.actions.replace_secret import replace_secret
from connectors.actions.save_authentication import save_authentication
from connectors.actions.save_connection import move_between, save_connection
from connectors.actions.switch_secret_back import switch_secret_back
from connectors.actions.sync_connector import sync_connector, take_offer
from connectors.errors import ConnectorError
from connectors.inspect.check import check_all
from connectors.inspect.look import look_at
from connectors.models import Connector, SyncRun
from harriet.lib.secret import Secret
from harriet.people.actions.issue_personal_token import issue_personal_token
from harriet.people.errors import NotAllowed
from harriet.people.roles import Role
from tests.servers.moody import Server
from tests.stage.cast import Cast
from tests.stage.connectors import Connecting
from vault.errors import CredentialNotFound
from vault.queries import credential_of
from vault.verify import verify_vault


@pytest.mark.parametrize(
    ("old", "new", "move"),
    [
        ("https://mcp.example.com/acme/mcp", "https://mcp.example.com/acme/mcp", ""),
        ("https://mcp.example.com", "https://MCP.example.com/", ""),
        ("https://mcp.example.com/mcp", "https://mcp.example.com/mcp#part", ""),
        ("https://mcp.example.com/acme/mcp", "https://mcp.example.com/evil/mcp", "path"),
        ("https://mcp.example.com/acme/mcp", "https://mcp.example.com/acme/mcp/", "path"),
        ("https://mcp.example.com/acme/mcp", "https://mcp.example.com/acme/%2e%2e/evil/mcp", "path"),
        ("https://mcp.example.com/mcp?tenant=acme", "https://mcp.example.com/mcp?tenant=evil", "path"),
        ("https://mcp.example.com/mcp", "https://mcp.example.com/Mcp", "path"),
        ("https://mcp.example.com/mcp", "https://mcp.example.com:8443/mcp", "host"),
        ("https://mcp.example.com/mcp", "http://mcp.example.com/mcp", "host"),
        ("https://mcp.example.com/mcp", "https://mcp.example.org/mcp", "host"),
        ("https://mcp.example.com/mcp", "https://somebody@mcp.example.com/mcp", "host"),
    ],
)
def test_how_far_apart_two_addresses_are(old: str, new: str, move: str) -> None:
    assert move_between(old, new) == move


def test_another_host_forgets_the_secret(cast: Cast, connect: Connecting) -> None:
    connector = connect(secret="sk-crm-1234567890")
    alice = cast.actor(cast.alice)
    save_connection(connector, url="https://93.184.216.34/mcp", allow_internal=False, actor=alice)
    assert credential_of(connector.pk) is None


@pytest.mark.parametrize("more", ["?v=2", "/other-tenant", "/"])
def test_another_path_of_the_same_host_forgets_the_secret(cast: Cast, connect: Connecting, more: str) -> None:
    connector = connect(secret="sk-crm-1234567890")
    save_connection(connector, url=connector.url + more, allow_internal=True, actor=cast.actor(cast.alice))
    assert credential_of(connector.pk) is None


def test_only_an_owner_may_say_that_it_stays(cast: Cast, connect: Connecting) -> None:
    connector = connect(secret="sk-crm-1234567890")
    url = connector.url + "/v2"
    cast.bob.memberships.update(role=Role.MCP_ADMIN)
    with pytest.raises(NotAllowed):
        save_connection(connector, url=url, allow_internal=True, keep_secret=True, actor=cast.actor(cast.bob))
    connector.refresh_from_db()
    assert connector.url != url
    save_connection(connector, url=url, allow_internal=True, keep_secret=True, actor=cast.actor(cast.alice))
    assert credential_of(connector.pk) is not None
    told = Event.objects.get(code="connector.secret_kept").body
    assert url in told


def test_not_even_an_owner_sends_it_to_another_host(cast: Cast, connect: Connecting) -> None:
    connector = connect(secret="sk-crm-1234567890")
    elsewhere = {"url": "https://93.184.216.34/mcp", "allow_internal": False, "keep_secret": True}
    with pytest.raises(ConnectorError, match="another host"):
        save_connection(connector, **elsewhere, actor=cast.actor(cast.alice))
    connector.refresh_from_db()
    assert "93.184" not in connector.url


def test_the_page_asks_with_both_addresses_before_it(client: Client, cast: Cast, connect: Connecting) -> None:
    connector = connect(secret="sk-crm-1234567890")
    moved = {"url": connector.url + "/v2", "allow_internal": "on"}
    here = reverse("connectors:connection", args=[connector.pk])
    cast.bob.memberships.update(role=Role.MCP_ADMIN)
    client.force_login(cast.bob)
    page = client.post(here, moved).content.decode()
    assert connector.url in page and moved["url"] in page
    assert 'value="keep"' not in page and "Only an owner" in page
    assert client.post(here, {**moved, "secret": "keep"}).status_code == 400
    client.force_login(cast.alice)
    page = client.post(here, moved).content.decode()
    assert 'value="keep"' in page
    connector.refresh_from_db()
    assert connector.url != moved["url"] and credential_of(connector.pk) is not None
    client.post(here, {**moved, "secret": "enter-again"})
    connector.refresh_from_db()
    assert connector.url == moved["url"] and credential_of(connector.pk) is None


@pytest.mark.parametrize(
    "url", ["http://[::1", "https://ex\u2100ample.com/", "https://h:99999/", "https://h/" + "a" * 600]
)
@pytest.mark.parametrize("answer", [{}, {"secret": "keep"}, {"secret": "enter-again"}])
def test_what_is_no_address_is_said_beside_it(
    client: Client, cast: Cast, connect: Connecting, url: str, answer: dict[str, str]
) -> None:
    connector = connect(secret="sk-crm-1234567890")
    client.force_login(cast.alice)
    page = client.post(reverse("connectors:connection", args=[connector.pk]), {"url": url, **answer})
    assert page.status_code == 400
    assert credential_of(connector.pk) is not None


def test_what_was_replaced_does_not_go_along(cast: Cast, connect: Connecting) -> None:
    """The owner lets the secret in use go to the new path, not the one that was switched off before."""
    connector = connect(secret="sk-old-1234567890")
    alice = cast.actor(cast.alice)
    replace_secret(connector, type="bearer", secret=Secret("sk-new-1234567890"), actor=alice)
    save_connection(connector, url=connector.url + "/v2", allow_internal=True, keep_secret=True, actor=alice)
    with pytest.raises(CredentialNotFound):
        switch_secret_back(connector, actor=alice)
    assert credential_of(connector.pk) is not None
    assert verify_vault().problems == []


def test_a_secret_is_not_saved_for_an_address_that_nobody_saw(
    client: Client, cast: Cast, connect: Connecting, server: Server
) -> None:
    """Alice has the form open, and while she types or while the server is asked, Bob moves the connector."""
    connector = connect(secret="sk-crm-1234567890")
    as_alice_saw_it = Connector.objects.get(pk=connector.pk)
    client.force_login(cast.alice)
    here = reverse("connectors:authentication", args=[connector.pk])
    assert f'name="address" value="{connector.url}"' in client.get(here).content.decode()
    cast.bob.memberships.update(role=Role.MCP_ADMIN)
    save_connection(connector, url=connector.url + "/bobs", allow_internal=True, actor=cast.actor(cast.bob))
    entered = {"type": "bearer", "secret": "sk-new-1234567890", "place": "header"}
    page = client.post(here, {**entered, "address": as_alice_saw_it.url})
    assert page.status_code == 400 and "somebody has just changed it" in page.content.decode()
    with pytest.raises(ConnectorError, match="just changed"):
        save_authentication(
            as_alice_saw_it, type="bearer", secret=Secret("sk-new-1234567890"), actor=cast.actor(cast.alice)
        )
    assert credential_of(connector.pk) is None


def test_a_look_at_the_old_address_never_takes_the_new_secret(cast: Cast, connect: Connecting, server: Server) -> None:
    connector = connect(secret="sk-crm-1234567890")
    at_the_old = Connector.objects.select_related("organization").get(pk=connector.pk)
    alice = cast.actor(cast.alice)
    save_connection(connector, url=connector.url + "/v2", allow_internal=True, actor=alice)
    save_authentication(connector, type="bearer", secret=Secret("sk-new-1234567890"), actor=alice)
    server.seen.clear()
    assert not sync_connector(at_the_old, actor=alice).is_success
    findings = trying.test_connection(at_the_old, actor=alice)
    assert any("changed at this moment" in finding.sentence for finding in findings)
    assert check_all([at_the_old]) == {}
    assert server.seen == []


def test_what_the_old_server_said_is_not_taken_for_the_new_one(cast: Cast, connect: Connecting) -> None:
    """The connector moves while a sync asks."""
    connector = connect()
    alice = cast.actor(cast.alice)
    asked = Connector.objects.select_related("organization").get(pk=connector.pk)
    run, look = SyncRun.objects.create(connector=asked), look_at(asked)
    save_connection(connector, url=connector.url + "/v2", allow_internal=True, actor=alice)
    assert "address was changed" in take_offer(run, look, actor=alice).error
    connector.refresh_from_db()
    assert (connector.eras, connector.tools.count(), connector.health) == ([], 0, Connector.Health.UNKNOWN)


def test_the_api_takes_a_secret_for_the_address_that_it_names(client: Client, cast: Cast, connect: Connecting) -> None:
    connector = connect(secret="sk-crm-1234567890")
    alice = cast.actor(cast.alice)
    _, token = issue_personal_token(cast.acme, cast.alice, name="script", expires_in_days=1, actor=alice)
    here = reverse("api:connector_authentication", args=[connector.pk])
    entered = {"type": "bearer", "secret": "sk-new-1234567890", "url": connector.url + "/before"}
    bearer = {"Authorization": f"Bearer {token.reveal()}"}
    refused = client.put(here, entered, content_type="application/json", headers=bearer)
    assert refused.status_code == 400 and "just changed" in refused.content.decode()
    fits = client.put(here, {**entered, "url": connector.url}, content_type="application/json", headers=bearer)
    assert fits.status_code == 204
