"""Try it: the form comes from the schema, the call goes through the gate as Alice herself."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from connectors.pages.argument_fields import SchemaForm, WholeArguments
from tests.servers.moody import Server, tool

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "text": {"type": "string", "description": "What to say"},
        "times": {"type": "integer"},
        "loud": {"type": "boolean"},
        "tone": {"enum": ["kind", 7, None]},
        "to": {"type": "array", "items": {"type": "string"}},
        'x" onload="': {"type": "number"},
    },
    "required": ["text"],
}


def test_the_form_says_what_the_schema_says() -> None:
    posted = {"argument0": " hi ", "argument1": "3", "argument2": "false", "argument3": "7", "argument4": '["a"]'}
    form = SchemaForm(SCHEMA, posted)
    assert form.is_valid(), form.errors
    assert form.arguments_given == {"text": " hi ", "times": 3, "loud": False, "tone": 7, "to": ["a"]}
    assert 'onload="' not in str(form)


def test_what_is_wrong_is_said_beside_the_field() -> None:
    form = SchemaForm(SCHEMA, {"argument1": "many", "argument4": "{"})
    assert set(form.errors) == {"argument0", "argument1", "argument4"}
    assert not WholeArguments({"arguments": "[1]"}).is_valid()
    assert not WholeArguments({"arguments": '{"a": 1, "a": 2}'}).is_valid()


@pytest.mark.django_db(transaction=True)
def test_a_call_runs_through_the_gate(client: Client, transactional_db: None, request: pytest.FixtureRequest) -> None:
    cast = request.getfixturevalue("cast")
    from connectors.actions.set_tool import set_tool
    from connectors.models import Tool
    from tests.stage.connectors import Connecting

    server = Server()
    server.tools = [tool("echo")]
    try:
        Connecting(cast, server).synced()
        echo = Tool.objects.get()
        client.force_login(cast.alice)
        url = reverse("tools:try", args=[echo.pk])
        assert "What to say" in client.get(url).content.decode()
        page = client.post(url, {"argument0": "hello"}).content.decode()
        assert "Refused" in page
        set_tool(echo, is_enabled=True, roles=["owner"], actor=cast.actor(cast.alice))
        page = client.post(url, {"argument0": "hello"}).content.decode()
        assert "Allowed" in page and "hello" in page and "Timings" in page
        client.force_login(cast.charlie)
        assert client.get(url).status_code == 404
        client.force_login(cast.dana)
        assert client.get(url).status_code == 403
    finally:
        server.stop()
