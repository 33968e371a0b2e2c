"""Alice walks the wizard: four steps, a draft that is left and resumed, messages beside the fields."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import Event
from connectors.models import Connector, Tool
from harriet.people.models import Organization
from tests.servers.moody import Server
from tests.stage.cast import Cast
from tests.stage.connectors import Connecting
from vault.queries import credential_of


@pytest.fixture
def alice(client: Client, cast: Cast) -> Client:
    client.force_login(cast.alice)
    return client


def post(client: Client, name: str, /, *args: object, **fields: object) -> str:
    """Posts a form that must succeed; returns the text of the page it leads to."""
    answer = client.post(reverse(name, args=args), fields, follow=True)
    assert answer.redirect_chain, answer.content.decode()
    return answer.content.decode()


def test_from_nothing_to_synced_tools(alice: Client, cast: Cast, server: Server) -> None:
    server.token = "the-secret"
    page = alice.get(reverse("connectors:new")).content.decode()
    assert "Basics" in page and "Access" in page
    page = post(alice, "connectors:new", name="CRM", slug="", description="Customers", icon="📇")
    connector = Connector.objects.get()
    assert (connector.slug, connector.state, connector.owner) == ("crm", "draft", cast.alice)
    page = post(alice, "connectors:setup_connection", connector.pk, url=server.url, allow_internal="on")
    assert "It asks for a credential" in page
    page = post(
        alice, "connectors:setup_authentication", connector.pk, type="bearer", secret="the-secret", place="header"
    )
    assert "CRM of Acme" in page and "3 found" in page
    assert "the-secret" not in page
    page = post(alice, "connectors:setup_access", connector.pk, groups=[cast.sales.pk], requires_confirmation="on")
    assert "3 tools found: 3 new (disabled)." in page
    assert page.count('class="button') >= 3
    connector.refresh_from_db()
    assert (connector.state, connector.health, connector.wizard_step) == ("active", "up", "done")
    assert Tool.objects.filter(connector=connector, is_enabled=False, requires_confirmation=True).count() == 3
    page = alice.get(reverse("connectors:detail", args=[connector.pk])).content.decode()
    assert "0 of 3 enabled" in page and "Dangerous" in page


def test_the_internal_host_is_allowed_for_the_organization(alice: Client, cast: Cast, server: Server) -> None:
    post(alice, "connectors:new", name="CRM")
    connector = Connector.objects.get()
    post(alice, "connectors:setup_connection", connector.pk, url=server.url, allow_internal="on")
    assert Organization.objects.get(pk=cast.acme.pk).internal_hosts == ["127.0.0.1"]
    assert Event.objects.filter(code="connector.internal_host_allowed").count() == 1


@pytest.mark.parametrize(
    ("url", "internal", "said"),
    [
        ("", False, "This field is required."),
        ("ftp://example.com/mcp", False, "must start with https://"),
        ("http://example.com/mcp", False, "must start with https://"),
        ("https://user:pass@example.com/mcp", False, "password out of the URL"),
        ("https://127.0.0.1/mcp", False, "internal address"),
        ("http://169.254.169.254/latest", True, "internal address"),
        ("http://100.100.100.200/latest", True, "internal address"),
    ],
)
def test_a_wrong_address_is_said_beside_the_field(
    alice: Client, cast: Cast, url: str, internal: bool, said: str
) -> None:
    post(alice, "connectors:new", name="CRM")
    connector = Connector.objects.get()
    fields = {"url": url, **({"allow_internal": "on"} if internal else {})}
    answer = alice.post(reverse("connectors:setup_connection", args=[connector.pk]), fields)
    assert answer.status_code == 400
    field = re.search(r'<div class="field wrong">.*?id="id_url"', answer.content.decode(), re.DOTALL)
    assert field and said in field.group()
    connector.refresh_from_db()
    assert (connector.url, connector.wizard_step) == ("", "connection")
    assert Organization.objects.get(pk=cast.acme.pk).internal_hosts == []


def test_a_draft_is_left_and_resumed(alice: Client, cast: Cast, server: Server) -> None:
    post(alice, "connectors:new", name="CRM", slug="crm")
    connector = Connector.objects.get()
    assert "Draft" in alice.get(reverse("connectors:list")).content.decode()
    resume = reverse("connectors:setup", args=[connector.pk])
    assert alice.get(resume)["Location"] == reverse("connectors:setup_connection", args=[connector.pk])
    assert alice.get(reverse("connectors:setup_access", args=[connector.pk])).status_code == 400
    post(alice, "connectors:setup_connection", connector.pk, url=server.url, allow_internal="on")
    assert alice.get(resume)["Location"] == reverse("connectors:setup_authentication", args=[connector.pk])
    page = post(alice, "connectors:setup_basics", connector.pk, name="Customers", slug="customers")
    assert server.url in page, "what was typed before is still there"
    post(alice, "connectors:setup_authentication", connector.pk, type="none")
    page = post(alice, "connectors:setup_access", connector.pk, everyone="on", later="1")
    connector.refresh_from_db()
    assert (connector.state, connector.slug, connector.default_roles) == ("draft", "customers", ["everyone"])
    post(alice, "connectors:setup_access", connector.pk, everyone="on")
    connector.refresh_from_db()
    assert connector.state == "active"


def test_a_server_that_does_not_answer_keeps_alice_on_the_step(alice: Client, cast: Cast, server: Server) -> None:
    post(alice, "connectors:new", name="CRM")
    connector = Connector.objects.get()
    server.is_broken = True
    page = post(alice, "connectors:setup_connection", connector.pk, url=server.url, allow_internal="on")
    assert "Failed" in page and "many servers answer at /mcp" in page
    assert "Continue without a working test" in page
    assert alice.get(reverse("connectors:setup_authentication", args=[connector.pk])).status_code == 200


def test_a_short_name_is_used_once(alice: Client, cast: Cast, connect: Connecting) -> None:
    connect("crm")
    answer = alice.post(reverse("connectors:new"), {"name": "Other", "slug": "crm"})
    assert answer.status_code == 400
    assert "Another connector has the short name" in answer.content.decode()
    assert Connector.objects.count() == 1


def test_a_pasted_newline_is_refused_and_never_echoed(alice: Client, cast: Cast, server: Server) -> None:
    post(alice, "connectors:new", name="CRM")
    connector = Connector.objects.get()
    post(alice, "connectors:setup_connection", connector.pk, url=server.url, allow_internal="on")
    fields = {"type": "bearer", "secret": "hush-hush\nX-Evil: 1", "place": "header"}
    answer = alice.post(reverse("connectors:setup_authentication", args=[connector.pk]), fields)
    assert answer.status_code == 400
    assert "line break" in answer.content.decode() and "hush-hush" not in answer.content.decode()
    assert credential_of(connector.pk) is None


def test_the_replaced_secret_moves_the_revision(alice: Client, cast: Cast, server: Server, connect: Connecting) -> None:
    connector = connect(secret="first-of-two")
    page = alice.get(reverse("connectors:authentication", args=[connector.pk])).content.decode()
    assert "A secret is saved" in page and "first-of-two" not in page
    before = connector.revision
    kept = {"type": "bearer", "place": "header", "name": "Authorization", "template": "Bearer {{secret}}"}
    post(alice, "connectors:authentication", connector.pk, **kept, secret="second")
    connector.refresh_from_db()
    assert connector.revision == before + 1
    post(alice, "connectors:authentication", connector.pk, **kept)
    connector.refresh_from_db()
    assert connector.revision == before + 1, "an empty secret keeps what is saved"


def test_members_may_not_and_auditors_only_look(client: Client, cast: Cast, connect: Connecting) -> None:
    connector = connect()
    client.force_login(cast.dana)
    assert client.get(reverse("connectors:list")).status_code == 403
    client.force_login(cast.bob)
    page = client.get(reverse("connectors:settings", args=[connector.pk]))
    assert page.status_code == 200 and "Delete" not in page.content.decode()
    assert client.get(reverse("connectors:new")).status_code == 403
    assert client.post(reverse("connectors:pause", args=[connector.pk])).status_code == 403
    assert client.post(reverse("connectors:access", args=[connector.pk]), {"everyone": "on"}).status_code == 403
