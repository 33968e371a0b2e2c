"""Alice makes a client for a product that can't register itself: id, secret once, and addresses to type in."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import Event
from harriet.signin.models import Application
from harriet.signin.protocol.client_secrets import is_secret
from tests.stage.cast import Cast
from tests.stage.connected_apps import client_of
from tests.stage.profiles import profile

pytestmark = pytest.mark.django_db
REDIRECT = "https://vertexaisearch.cloud.google.com/oauth-redirect"


@pytest.fixture(autouse=True)
def alice(cast: Cast, client: Client) -> None:
    profile(cast.acme, groups=[cast.sales], name="Work")
    client.force_login(cast.alice)


def make(client: Client, **given: str) -> str:
    sent = {"name": "Gemini Enterprise", "redirect_uris": REDIRECT, "once": "form-1", **given}
    return client.post(reverse("clients:new"), sent, follow=True).content.decode()


def secret_in(page: str) -> str:
    return "".join(re.findall(r"hrt_cs_[\w-]+", page)[:1])


def test_it_has_all_that_the_product_asks_for(cast: Cast, client: Client) -> None:
    page = make(client)
    made = Application.objects.get(organization=cast.acme)
    for asked in (
        made.client_id,
        "/oauth/acme/authorize<",
        "/oauth/acme/token<",
        "tools.read tools.write tools.dangerous",
        "/mcp/acme/work<",
    ):
        assert asked in page, asked
    assert is_secret(secret_in(page), made.client_secret) and secret_in(page) not in made.client_secret
    assert (made.standing, made.redirect_uris, made.registration_source) == ("allowed", REDIRECT, "manual")
    assert Event.objects.get(code="client.made").sentence == "alice@acme.test made the AI client Gemini Enterprise."
    assert "100 tools" in page


def test_the_secret_is_shown_once(client: Client) -> None:
    assert secret_in(make(client))
    assert "was shown on this page, once" in make(client), "sent twice, the form makes one"
    made = Application.objects.get()
    detail = client.get(reverse("clients:detail", args=[made.pk])).content.decode()
    assert not secret_in(detail) and made.sealed_secret_hint in detail


def test_replace_the_secret(client: Client) -> None:
    first = secret_in(make(client))
    made = Application.objects.get()
    page = client.post(reverse("clients:secret", args=[made.pk]), {"once": "form-2"}, follow=True).content.decode()
    made.refresh_from_db()
    assert is_secret(secret_in(page), made.client_secret) and not is_secret(first, made.client_secret)
    assert Event.objects.filter(code="client.secret_replaced").exists()


@pytest.mark.parametrize(
    ("redirects", "told"),
    [
        ("", "This field is required"),
        (" \n ", "This field is required"),
        ("http://gemini.example/callback", "Plain http is for this machine alone"),
        ("https://gemini.example/callback#here", "no fragment"),
        ("https://*.example/callback", "neither wildcards"),
        ("javascript:alert(1)", "belongs to no client"),
        (f"{REDIRECT}\nnot an address", "not an address"),
    ],
)
def test_what_the_server_would_refuse_is_refused_here(client: Client, redirects: str, told: str) -> None:
    page = make(client, redirect_uris=redirects)
    assert told in page and not Application.objects.exists()


def test_change_its_redirects(client: Client) -> None:
    make(client)
    made = Application.objects.get()
    sent = {"name": "Gemini", "redirect_uris": f"{REDIRECT}\r\nhttps://gemini.example/callback"}
    assert "Saved." in client.post(reverse("clients:detail", args=[made.pk]), sent, follow=True).content.decode()
    made.refresh_from_db()
    assert (made.name, made.redirect_uris.split()) == ("Gemini", [REDIRECT, "https://gemini.example/callback"])


def test_nobody_changes_what_a_client_says_of_itself(cast: Cast, client: Client) -> None:
    itself = client_of(cast.acme)
    for address in (reverse("clients:detail", args=[itself.pk]), reverse("clients:secret", args=[itself.pk])):
        answer = client.post(address, {"name": "Mine", "redirect_uris": REDIRECT, "once": "x"})
        assert answer.status_code == 400 and "nobody changes it here" in answer.content.decode()
    itself.refresh_from_db()
    assert itself.name == "Claude Code"


def test_only_who_manages_tokens_makes_one(cast: Cast, client: Client) -> None:
    client.force_login(cast.bob)
    assert client.get(reverse("clients:new")).status_code == 403
    assert client.post(reverse("clients:new"), {"name": "x", "redirect_uris": REDIRECT}).status_code == 403
