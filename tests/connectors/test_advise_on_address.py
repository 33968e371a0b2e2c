"""Whatever Alice pastes instead of an MCP server's address, the test says what it is and what to do, in plain words."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from connectors.actions.draft_connector import draft_connector
from connectors.actions.save_connection import as_meant, save_connection
from connectors.actions.test_connection import test_connection as try_connection
from connectors.errors import ConnectorError
from connectors.inspect.findings import Finding, worst_of
from connectors.models import Connector
from tests.servers.hostile import BEHAVIOURS, JSON, Hostile, by_method, fixed, reply, stream
from tests.servers.moody import Server
from tests.servers.talkative import TALKATIVE
from tests.stage.cast import Cast

assert TALKATIVE
HTML = "text/html; charset=utf-8"
SIGN_IN = b"<title>Acme sign-in</title><form><input name=user><input type='password' name=p></form>"
BLOCKED = b"<title>Access denied</title><p>This site is blocked by your organization's web filter.</p>"
INTERNAL_WORDS = re.compile(
    r"allow_internal|needs_admin|NEEDS_ADMIN|Upstream|Egress|synchronise|Streamable|JSON-RPC|\b[a-z]+_[a-z]+\b|Error\b"
)


def page(get: Any, post: Any) -> Any:
    async def behave(server: Hostile, seen: Any, writer: asyncio.StreamWriter) -> None:
        await (get if seen.method == "GET" else post)(server, seen, writer)

    return behave


async def events(server: Hostile, seen: Any, writer: asyncio.StreamWriter) -> None:
    stream(writer)
    writer.write(b": nothing that MCP knows\n\n")


async def moved(server: Hostile, seen: Any, writer: asyncio.StreamWriter) -> None:
    reply(writer, b"", 301, HTML, "Location: /v2/mcp?key=hush-hush")


async def to_sign_in(server: Hostile, seen: Any, writer: asyncio.StreamWriter) -> None:
    reply(writer, b"", 302, HTML, "Location: /sso/start?next=/mcp")


async def to_harriet(server: Hostile, seen: Any, writer: asyncio.StreamWriter) -> None:
    reply(writer, b"", 302, HTML, f"Location: https://harriet.acme.example{reverse('account_login')}?next=/")


BEHAVIOURS.update(
    {
        "/simple": page(fixed(200, b"<title>Files</title>", HTML), fixed(501, b"<title>Error response</title>", HTML)),
        "/not-here": fixed(404, b"<title>Not here</title>", HTML),
        "/gone": fixed(410, b"", JSON),
        "/page": fixed(200, b"<title>Acme CRM</title><h1>Welcome</h1>", HTML),
        "/sign-in": fixed(200, SIGN_IN, HTML),
        "/leads-to-sign-in": to_sign_in,
        "/leads-to-harriet": to_harriet,
        "/moved": moved,
        "/rest": fixed(200, b'{"customers":[]}', JSON),
        "/rest-405": page(fixed(200, b'{"customers":[]}', JSON), fixed(405, b'{"detail":"Method not allowed"}', JSON)),
        "/plain-405": fixed(405, b"", "text/plain"),
        "/blocked": fixed(403, BLOCKED, HTML),
        "/squid": fixed(503, b"<title>ERROR</title>", HTML, "X-Squid-Error: ERR_ACCESS_DENIED 0"),
        "/stream": page(events, fixed(405, b"", "text/plain")),
        "/app": fixed(404, b"<title>Not here</title>", HTML),
        "/app/mcp": by_method(),
        "/forbidden": fixed(403, b"", JSON),
        "/failing": fixed(500, b"oops", "text/plain"),
    }
)


@pytest.fixture
def odd() -> Iterator[Hostile]:
    with Hostile() as running:
        yield running


def found_at(cast: Cast, url: str) -> Finding:
    """The worst, of a draft that Alice has just given the address."""
    alice = cast.actor(cast.alice)
    draft = draft_connector(cast.acme, slug="crm", name="CRM", actor=alice)
    save_connection(draft, url=url, allow_internal=True, actor=alice)
    return worst_of(try_connection(draft, actor=alice))


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/simple", ["A web page is at this address (“Files”), not an MCP server", "many servers answer at /mcp"]),
        ("/not-here", ["There is no MCP server at this path (404)", "many servers answer at /mcp"]),
        ("/gone", ["There is no MCP server at this path (410)"]),
        ("/page", ["A web page is at this address (“Acme CRM”), not an MCP server"]),
        ("/sign-in", ["A sign-in page for people is at this address (“Acme sign-in”)"]),
        ("/leads-to-sign-in", ["sends everybody on to a sign-in page for people", "/sso/start,"]),
        ("/leads-to-harriet", ["a sign-in page of Harriet", "A connector needs the address of the server"]),
        ("/moved", ["sends everybody on to another address", "/v2/mcp,", "enter that address"]),
        ("/rest", ["another kind of API", "ask its vendor"]),
        ("/rest-405", ["another kind of API"]),
        ("/plain-405", ["doesn't take the requests of MCP at this path (405)"]),
        ("/blocked", ["A proxy or firewall seems to have answered", "whoever runs your network"]),
        ("/squid", ["A proxy or firewall seems to have answered"]),
        ("/stream", ["opens a stream of events, but not as MCP's old transport does"]),
        ("/app", ["There is no MCP server at this path", "An MCP server answers at", "/app/mcp: use that address"]),
        ("/forbidden", ["(403)", "may want a credential", "the step Authentication"]),
        ("/failing", ["failed (500)", "ask whoever runs the server"]),
        ("/401", ["It asks for a credential: give one in the step Authentication"]),
    ],
)
def test_each_is_called_what_it_is(cast: Cast, odd: Hostile, path: str, said: list[str]) -> None:
    worst = found_at(cast, odd.url(path))
    assert worst.kind == ("attention" if path == "/401" else "danger")
    for words in said:
        assert words in worst.sentence, worst.sentence
    assert "hush-hush" not in worst.sentence
    assert not INTERNAL_WORDS.search(worst.sentence), worst.sentence


def test_an_old_event_stream_is_found_by_itself(cast: Cast, odd: Hostile) -> None:
    assert found_at(cast, odd.url("/old/sse")).kind != "danger"


def test_nobody_there(cast: Cast) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        worst = found_at(cast, f"http://127.0.0.1:{nobody.getsockname()[1]}/mcp")
    assert "refused the connection" in worst.sentence and "In a container, localhost is the" in worst.sentence


def test_a_certificate_that_nobody_trusts(cast: Cast, tmp_path: Any) -> None:
    from tests.servers.certificates import certify

    context, _ = certify(tmp_path, "localhost")
    with Hostile(tls=context) as secure:
        worst = found_at(cast, secure.url("/mcp"))
    assert "certificate" in worst.sentence and "has to trust that authority" in worst.sentence
    assert "that the server runs" not in worst.sentence


def test_https_where_there_is_none(cast: Cast, server: Server) -> None:
    worst = found_at(cast, server.url.replace("http:", "https:"))
    assert "doesn't speak TLS" in worst.sentence and "This server is inside our network" in worst.sentence


def test_a_name_that_nobody_knows(cast: Cast) -> None:
    worst = found_at(cast, "https://no-such-host.invalid/mcp")
    assert "has no address" in worst.sentence and "only your own network knows" in worst.sentence


@pytest.mark.parametrize("path", ["", "/", "/integrations/new/", "/mcp/acme/work", "/accounts/login/?next=/"])
def test_harriet_s_own_address_is_recognized(cast: Cast, settings: Any, path: str) -> None:
    alice = cast.actor(cast.alice)
    draft = draft_connector(cast.acme, slug="crm", name="CRM", actor=alice)
    with pytest.raises(ConnectorError, match="Harriet's own address") as refused:
        save_connection(draft, url=f"{settings.BASE_URL}{path}", allow_internal=True, actor=alice)
    assert refused.value.field == "url"


@pytest.mark.parametrize(
    ("pasted", "meant"),
    [
        ("  https://crm.example/mcp \n", "https://crm.example/mcp"),
        ('"https://crm.example/mcp",', "https://crm.example/mcp"),
        ("<https://crm.example/mcp>", "https://crm.example/mcp"),
        ("“https://crm.example/mcp”", "https://crm.example/mcp"),
        ("`https://crm.example/mcp?a=b`", "https://crm.example/mcp?a=b"),
    ],
)
def test_what_came_along_with_an_address_is_left_out(cast: Cast, pasted: str, meant: str) -> None:
    assert as_meant(pasted) == meant
    alice = cast.actor(cast.alice)
    draft = draft_connector(cast.acme, slug="crm", name="CRM", actor=alice)
    save_connection(draft, url=pasted, allow_internal=False, actor=alice)
    assert Connector.objects.get().url == meant


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://crm.example/mcp", ["must start with https://", "This server is inside our network"]),
        ("https://10.1.2.3/mcp", ["tick “This server is inside our network”"]),
        ("crm.example/mcp", ["must start with https://"]),
    ],
)
def test_beside_the_field_the_words_are_those_of_the_page(
    client: Client, cast: Cast, url: str, said: list[str]
) -> None:
    draft = draft_connector(cast.acme, slug="crm", name="CRM", actor=cast.actor(cast.alice))
    client.force_login(cast.alice)
    answer = client.post(reverse("connectors:setup_connection", args=[draft.pk]), {"url": url})
    errors = " ".join(answer.context["form"].errors["url"])
    assert answer.status_code == 400 and all(words in errors for words in said), errors
    assert not INTERNAL_WORDS.search(errors)


def test_a_result_never_stands_beside_another_address_s_error(client: Client, cast: Cast, server: Server) -> None:
    client.force_login(cast.alice)
    draft = draft_connector(cast.acme, slug="crm", name="CRM", actor=cast.actor(cast.alice))
    here = reverse("connectors:setup_connection", args=[draft.pk])
    client.post(here, {"url": server.url, "allow_internal": "on", "test": "1"})
    worked = client.get(here).content.decode()
    assert "CRM of Acme" in worked and f'Test of <code><bdi class="visible">{server.url}' in worked
    wrong = client.post(here, {"url": "http://elsewhere.example/mcp"})
    assert wrong.status_code == 400 and "CRM of Acme" not in wrong.content.decode()
    other = draft_connector(cast.acme, slug="erp", name="ERP", actor=cast.actor(cast.alice))
    elsewhere = reverse("connectors:setup_connection", args=[other.pk])
    server.is_broken = True
    client.post(elsewhere, {"url": server.url, "allow_internal": "on"})
    assert "CRM of Acme" in client.get(here).content.decode(), "each draft keeps its own"
    assert "CRM of Acme" not in client.get(elsewhere).content.decode()


def test_on_the_page_of_a_connector_too(client: Client, cast: Cast, server: Server, connect: Any) -> None:
    connector = connect()
    client.force_login(cast.alice)
    client.post(reverse("connectors:test", args=[connector.pk]))
    settings = reverse("connectors:settings", args=[connector.pk])
    assert "CRM of Acme" in client.get(settings).content.decode()
    wrong = client.post(reverse("connectors:connection", args=[connector.pk]), {"url": "ftp://elsewhere"})
    assert wrong.status_code == 400 and "answered" not in wrong.content.decode()
