"""The catalogue and pasted configurations fill one form in, and nothing else does; a pasted secret is not kept."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import Event
from connectors.actions.discard_draft import discard_draft
from connectors.actions.draft_connector import draft_connector
from connectors.actions.save_connection import save_connection
from connectors.catalogue import PRESETS, Preset
from connectors.errors import ConnectorError
from connectors.models import Connector
from connectors.pages.prefill import Prefill
from connectors.pages.snippets import read_snippet
from harriet.lib.egress import Reach, check_url
from harriet.people.models import Membership
from harriet.people.roles import Role
from tests.stage.cast import Cast
from tests.stage.connectors import Connecting

SERVER = {"type": "http", "url": "https://mcp.example.com/mcp", "headers": {"Authorization": "Bearer hush-hush"}}


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ({"mcpServers": {"my-crm": SERVER}}, "My crm"),
        ({"servers": {"CRM": SERVER}, "inputs": []}, "CRM"),
        ({"mcpServers": {"local": {"command": "npx"}, "crm": SERVER}}, "Crm"),
        ({"name": "io.github.acme/weather-now", "remotes": [{"type": "streamable-http", **SERVER}]}, "Weather now"),
        ({"name": "a/b", "title": "Weather", "remotes": [{"type": "sse", **SERVER}]}, "Weather"),
    ],
)
def test_what_clients_and_registries_write_is_read(value: Any, name: str) -> None:
    read = read_snippet(json.dumps(value))
    assert (read.name, read.url) == (name, SERVER["url"])
    assert "hush-hush" not in repr(read)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"mcpServers": {"a": {"command": "npx"}}}', '{"remotes": [7]}'])
def test_what_names_no_server_is_said(text: str) -> None:
    with pytest.raises(ConnectorError) as refused:
        read_snippet(text)
    assert refused.value.field == "snippet"


def begin(client: Client, query: str = "", *, form: str | None = None, **given: str) -> Connector:
    """Sends the first step as the browser does, with what the page hid in its form; gives the draft."""
    here = reverse("connectors:new") + query
    hidden = form if form is not None else form_id(client.get(here).content.decode())
    answer = client.post(here, {"form": hidden, **given})
    assert answer.status_code == 302, answer.content.decode()
    return Connector.objects.get(pk=answer["Location"].split("/")[-4])


def form_id(page: str) -> str:
    found = re.search(r'name="form" value="([^"]+)"', page)
    assert found
    return found[1]


def connection_of(client: Client, draft: Connector, query: str = "") -> str:
    return client.get(reverse("connectors:setup_connection", args=[draft.pk]) + query).content.decode()


def pasted(client: Client, name: str, url: str) -> str:
    """The query of the page that it leads to."""
    text = json.dumps({"mcpServers": {name: {"url": url}}})
    location = client.post(reverse("connectors:paste"), {"snippet": text})["Location"]
    return "?" + location.partition("?")[2]


def test_a_pasted_configuration_fills_two_steps(client: Client, cast: Cast) -> None:
    client.force_login(cast.alice)
    text = json.dumps({"mcpServers": {"crm": {**SERVER, "url": "https://crm.acme.example/mcp"}}})
    answer = client.post(reverse("connectors:paste"), {"snippet": text}, follow=True)
    page = answer.content.decode()
    assert 'value="Crm"' in page and "hush-hush" not in page
    draft = begin(client, "?" + answer.redirect_chain[-1][0].partition("?")[2], name="CRM")
    assert 'value="https://crm.acme.example/mcp"' in connection_of(client, draft)
    assert "hush-hush" not in str(dict(client.session))


def test_a_bad_paste_is_not_written_back(client: Client, cast: Cast) -> None:
    client.force_login(cast.alice)
    answer = client.post(reverse("connectors:paste"), {"snippet": '{"token": "hush-hush"'})
    assert answer.status_code == 400
    assert "not valid JSON" in answer.content.decode() and "hush-hush" not in answer.content.decode()


def test_each_preset_fills_the_first_step(client: Client, cast: Cast) -> None:
    client.force_login(cast.alice)
    for preset in PRESETS:
        check_url(preset.url, Reach())
        page = client.get(reverse("connectors:new"), {"preset": preset.key}).content.decode()
        assert f'value="{preset.name}"' in page


def test_a_fresh_one_starts_empty_whatever_was_abandoned_before(client: Client, cast: Cast) -> None:
    client.force_login(cast.alice)
    preset = PRESETS[0]
    client.get(reverse("connectors:new"), {"preset": preset.key})
    client.post(reverse("connectors:paste"), {"snippet": '{"mcpServers": {"old": {"url": "https://old.example/mcp"}}}'})
    fresh = client.get(reverse("connectors:new")).content.decode()
    assert f'value="{preset.name}"' not in fresh and 'value="old"' not in fresh
    client.post(reverse("connectors:new"), {"name": "Billing"})
    draft = Connector.objects.get(name="Billing")
    connection = client.get(reverse("connectors:setup_connection", args=[draft.pk])).content.decode()
    assert preset.url not in connection and "old.example" not in connection


def test_two_drafts_begun_side_by_side_keep_their_own_addresses(client: Client, cast: Cast) -> None:
    client.force_login(cast.alice)
    pages = [client.get(reverse("connectors:new"), {"preset": one.key}).content.decode() for one in PRESETS[:2]]
    drafts = [
        begin(client, f"?preset={one.key}", form=form_id(page), name=one.name)
        for one, page in zip(PRESETS, pages, strict=False)
    ]
    for preset, draft in zip(PRESETS, drafts, strict=False):
        assert f'value="{preset.url}"' in connection_of(client, draft)


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: str(preset.key))
def test_another_name_never_keeps_a_vendors_address(client: Client, cast: Cast, preset: Preset) -> None:
    """Alice looks at the catalogue, goes back with the browser and types the name of something else."""
    client.force_login(cast.alice)
    ours = begin(client, f"?preset={preset.key}", name="Our ERP")
    shown = connection_of(client, ours)
    assert preset.url not in shown and "nothing is filled in" in shown
    assert f'value="{preset.url}"' in connection_of(client, ours, "?fill=1"), "unless she says that it is the same"
    assert preset.url in connection_of(client, begin(client, f"?preset={preset.key}", name=f"{preset.name} (test)"))
    for part in (preset.name[:2], preset.name[-3:], f"x{preset.name}y", "-"):
        assert not Prefill(preset.name, preset.url).is_meant_for(part), "a part of it by chance"


def test_a_paste_belongs_to_one_form_and_one_company(client: Client, cast: Cast) -> None:
    client.force_login(cast.alice)
    query = pasted(client, "old", "https://old.example/mcp")
    begin(client, query, name="Old")
    again = client.get(reverse("connectors:new") + query).content.decode()
    assert 'value="Old"' not in again, "the address in the browser's history is an empty form by now"
    assert "old.example" not in connection_of(client, begin(client, query, name="Old two"))
    query = pasted(client, "secret-project", "https://secret.example/mcp")
    Membership.objects.create(organization=cast.globex, user=cast.alice, role=Role.OWNER)
    client.post(reverse("people:switch"), {"organization": str(cast.globex.pk)})
    elsewhere = client.get(reverse("connectors:new") + query)
    assert elsewhere.status_code == 200 and "Secret project" not in elsewhere.content.decode()
    client.post(reverse("people:switch"), {"organization": str(cast.acme.pk)})
    assert "Secret project" in client.get(reverse("connectors:new") + query).content.decode()


def test_a_form_that_is_sent_twice_makes_one_draft(client: Client, cast: Cast) -> None:
    client.force_login(cast.alice)
    form = form_id(client.get(reverse("connectors:new")).content.decode())
    first = begin(client, form=form, name="CRM")
    assert begin(client, form=form, name="CRM") == first, "pressed twice, or reloaded"
    assert begin(client, form=form, name="Customers").name == "Customers", "back, and a better name"
    assert Connector.objects.count() == 1


def test_going_back_from_a_draft_with_an_address_is_asked_about(client: Client, cast: Cast) -> None:
    client.force_login(cast.alice)
    alice = cast.actor(cast.alice)
    form = form_id(client.get(reverse("connectors:new")).content.decode())
    github = begin(client, form=form, name="GitHub")
    save_connection(github, url="https://github.example/mcp", allow_internal=False, actor=alice)
    asked = client.post(reverse("connectors:new"), {"form": form, "name": "Our ERP"})
    page = asked.content.decode()
    assert "Begin Our ERP as another connector" in page and "https://github.example/mcp" in page
    assert list(Connector.objects.values_list("name", flat=True)) == ["GitHub"]
    ours = begin(client, form=form_id(page), name="Our ERP")
    assert ours.url == "" and "github.example" not in connection_of(client, ours)
    assert begin(client, form=form, name="GitHub") == github


def test_the_form_of_another_company_begins_nothing_here(client: Client, cast: Cast) -> None:
    theirs = draft_connector(cast.globex, slug="crm", name="CRM", actor=cast.actor(cast.charlie))
    client.force_login(cast.alice)
    answer = client.post(reverse("connectors:new"), {"form": str(theirs.pk), "name": "CRM"})
    assert answer.status_code == 400 and not Connector.objects.filter(organization=cast.acme).exists()


def test_drafts_are_resumed_and_discarded_from_the_list(client: Client, cast: Cast) -> None:
    client.force_login(cast.alice)
    draft = begin(client, name="Billing")
    listed = client.get(reverse("connectors:list")).content.decode()
    assert "Drafts" in listed and "Resume" in listed and "Discard" in listed
    assert reverse("connectors:setup", args=[draft.pk]) in listed
    here = reverse("connectors:discard", args=[draft.pk])
    assert "Discard the draft" in client.get(here).content.decode() and Connector.objects.exists()
    assert "The draft Billing was discarded" in client.post(here, follow=True).content.decode()
    assert not Connector.objects.exists()
    assert Event.objects.filter(code="connector.deleted").count() == 1


def test_only_drafts_are_discarded_and_only_by_those_who_may(client: Client, cast: Cast, connect: Connecting) -> None:
    active = connect()
    client.force_login(cast.alice)
    assert client.post(reverse("connectors:discard", args=[active.pk])).status_code == 400
    with pytest.raises(ConnectorError, match="no draft any more"):
        discard_draft(active, actor=cast.actor(cast.alice))
    draft = begin(client, name="Billing")
    client.force_login(cast.bob)
    assert "Discard" not in client.get(reverse("connectors:list")).content.decode()
    assert client.post(reverse("connectors:discard", args=[draft.pk])).status_code == 403
    client.force_login(cast.charlie)
    assert client.post(reverse("connectors:discard", args=[draft.pk])).status_code == 404
    assert Connector.objects.count() == 2


def test_the_catalogue_is_searched_and_sorted(client: Client, cast: Cast) -> None:
    client.force_login(cast.alice)

    def shown(**query: str) -> list[str]:
        page = client.get(reverse("connectors:new"), query)
        return [one.name for one in page.context["catalogue"]()]

    assert shown() == [one.name for one in PRESETS]
    assert shown(find="PULL requests") == ["GitHub"]
    assert shown(category="Payments") == ["Stripe"]
    assert shown(find="stripe", category="Development") == []
    page = client.get(reverse("connectors:new"), {"find": "<none>"}).content.decode()
    assert "Nothing in the catalogue fits" in page and "&lt;none&gt;" in page
