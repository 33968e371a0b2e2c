"""A secret goes only to the address it was entered for; on the same host an owner may say that it stays."""

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import Event
from connectors.actions.save_connection import move_between, save_connection
from connectors.errors import ConnectorError
from harriet.people.errors import NotAllowed
from harriet.people.models import Role
from tests.cast import Cast
from vault.queries import credential_of

from .story import ConnectorMaker


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


def test_another_host_forgets_the_secret(cast: Cast, connect: ConnectorMaker) -> None:
    connector = connect(secret="sk-crm-1234567890")
    alice = cast.actor(cast.alice)
    save_connection(connector, url="https://93.184.216.34/mcp", allow_internal=False, actor=alice)
    assert credential_of(connector.pk) is None


@pytest.mark.parametrize("more", ["?v=2", "/other-tenant", "/"])
def test_another_path_of_the_same_host_forgets_the_secret(cast: Cast, connect: ConnectorMaker, more: str) -> None:
    connector = connect(secret="sk-crm-1234567890")
    save_connection(connector, url=connector.url + more, allow_internal=True, actor=cast.actor(cast.alice))
    assert credential_of(connector.pk) is None


def test_only_an_owner_may_say_that_it_stays(cast: Cast, connect: ConnectorMaker) -> None:
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


def test_not_even_an_owner_sends_it_to_another_host(cast: Cast, connect: ConnectorMaker) -> None:
    connector = connect(secret="sk-crm-1234567890")
    elsewhere = {"url": "https://93.184.216.34/mcp", "allow_internal": False, "keep_secret": True}
    with pytest.raises(ConnectorError, match="another host"):
        save_connection(connector, **elsewhere, actor=cast.actor(cast.alice))
    connector.refresh_from_db()
    assert "93.184" not in connector.url


def test_the_page_asks_with_both_addresses_before_it(client: Client, cast: Cast, connect: ConnectorMaker) -> None:
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
