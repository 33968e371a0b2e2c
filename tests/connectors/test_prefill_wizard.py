"""The catalogue and pasted configurations fill the wizard in; a pasted secret is neither kept nor shown."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from connectors.errors import ConnectorError
from connectors.models import Connector
from connectors.pages.catalogue import PRESETS
from connectors.pages.snippets import read_snippet
from harriet.lib.egress import Reach, check_url
from tests.stage.cast import Cast

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


def test_a_pasted_configuration_fills_two_steps(client: Client, cast: Cast) -> None:
    client.force_login(cast.alice)
    text = json.dumps({"mcpServers": {"crm": SERVER}})
    page = client.post(reverse("connectors:paste"), {"snippet": text}, follow=True).content.decode()
    assert 'value="Crm"' in page and "hush-hush" not in page
    client.post(reverse("connectors:new"), {"name": "CRM"})
    connector = Connector.objects.get()
    page = client.get(reverse("connectors:setup_connection", args=[connector.pk])).content.decode()
    assert SERVER["url"] in page
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
    for preset in PRESETS[:2]:
        client.post(f"{reverse('connectors:new')}?preset={preset.key}", {"name": preset.name})
    for preset in PRESETS[:2]:
        draft = Connector.objects.get(name=preset.name)
        connection = client.get(reverse("connectors:setup_connection", args=[draft.pk])).content.decode()
        assert f'value="{preset.url}"' in connection
