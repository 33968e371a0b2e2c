"""Alice looks up how each AI client is connected, with her organization’s addresses; Dana finds the steps for hers."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from harriet.console.client_models import client_models
from harriet.console.me.clients import CLIENTS, ServerEntry
from harriet.console.me.sign_in_steps import SIGN_INS
from tests.stage.cast import Cast
from tests.stage.profiles import profile

DOOR = ServerEntry("work", "https://harriet.example/mcp/acme/work")


def test_each_client_says_of_both_ways_how_or_why_not() -> None:
    for model in client_models(DOOR):
        assert model.sign_in_steps or model.key == "scripts", model.name
        assert bool(model.key_steps) != bool(model.why_no_key), model.name
        steps = repr(model.sign_in_steps or model.key_steps)
        assert DOOR.url in steps, f"{model.name} needs the address"
    assert {"claude", "chatgpt", "gemini", "copilot-studio"} <= SIGN_INS.keys()
    assert CLIENTS.keys() - SIGN_INS.keys() == {"claude-desktop", "curl"}, "both stand under another name"


@pytest.mark.parametrize("key", SIGN_INS)
def test_signing_in_needs_no_secret(key: str) -> None:
    said = repr(SIGN_INS[key].steps_for(DOOR))
    assert "Bearer" not in said and "HARRIET_TOKEN" not in said and "hrt_" not in said


@pytest.mark.django_db
def test_alice_reads_the_steps_with_her_addresses(cast: Cast, client: Client) -> None:
    client.force_login(cast.alice)
    page = client.get(reverse("console:client_models"))
    assert page.status_code == 200 and "/mcp/acme/profile" in page.content.decode(), "before there is any profile"
    profile(cast.acme, groups=[cast.sales], name="Work")
    asked = {"client": "gemini", "profile": "work"}
    text = client.get(reverse("console:client_models"), asked).content.decode()
    assert "/mcp/acme/work" in text and "at most 100" in text and "signs in by OAuth alone" in text
    assert "names the key, not who held it" in text
    client.force_login(cast.dana)
    assert client.get(reverse("console:client_models")).status_code == 403


@pytest.mark.django_db
def test_dana_needs_nothing_but_the_address(cast: Cast, client: Client) -> None:
    profile(cast.acme, groups=[cast.sales], name="Work")
    client.force_login(cast.dana)
    assert reverse("me:sign_in") in client.get(reverse("me:connect")).content.decode()
    text = client.get(reverse("me:sign_in"), {"client": "cursor", "profile": "work"}).content.decode()
    assert "/mcp/acme/work" in text and "mcp.json" in text
    assert client.get(reverse("me:sign_in"), {"client": "?", "profile": "nothing"}).status_code == 200
    client.force_login(cast.bob)
    assert "No profile yet" in client.get(reverse("me:sign_in")).content.decode()
