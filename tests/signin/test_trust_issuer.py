"""Alice says whose word about people opens profiles, changes it, approves what waits, and ends it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from audit.models import Event
from harriet.signin.models import ConnectedApp, TrustedIssuer, TrustedProfile
from tests.stage.assertions import OKTA, Bearer, public_keys, signed_in_by_sso, trusted
from tests.stage.cast import Cast
from tests.stage.signing_app import says

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def alice(acme: Cast, client: Client) -> None:
    client.force_login(acme.alice)


def given(**changed: Any) -> dict[str, Any]:
    usual = {
        "name": "Acme Okta",
        "issuer": OKTA,
        "accepts_id_jag": "on",
        "keys": json.dumps(public_keys("first")),
        "client_ids": "hrt_c_1\n",
        "longest": "300",
        "scopes": ["tools.read"],
    }
    return usual | changed


def test_alice_trusts_an_issuer(client: Client) -> None:
    page = client.post(reverse("issuers:new"), given(), follow=True)
    made = TrustedIssuer.objects.get()
    assert (made.client_ids, made.scopes, made.accepts_id_jag) == (["hrt_c_1"], "tools.read", True)
    assert says(page, "is trusted from now on") and says(page, f"{settings.BASE_URL}/oauth/acme")
    assert Event.objects.get(code="issuer.trusted").sentence == "alice@acme.test made Acme Okta a trusted issuer."
    assert says(client.get(reverse("issuers:list")), "Acme Okta")


private = {**public_keys("first")["keys"][0], "d": "AQAB"}
REFUSED = [
    ({"issuer": "acme"}, "An issuer is a web address"),
    ({"issuer": "https://claude.ai"}, "speaks for all of its customers"),
    ({"issuer": f"{settings.BASE_URL}/oauth/acme"}, "own issuer"),
    ({"tenant_claim": "org"}, "or neither"),
    ({"keys": ""}, "one of the two"),
    ({"keys_url": "https://acme.okta.example/keys"}, "one of the two"),
    ({"keys": "", "keys_url": "http://acme.okta.example/keys"}, "begins with https"),
    ({"keys": "", "keys_url": "https://127.0.0.1/keys"}, "127.0.0.1"),
    ({"keys": "[]"}, "not a JSON object"),
    ({"keys": '{"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}'}, "no public signing key"),
    ({"keys": json.dumps({"keys": [private]})}, "no public signing key"),
    ({"client_ids": " \n "}, "Name 1 to 20 client ids"),
    ({"longest": "86400"}, "3600"),
    ({"scopes": []}, "required"),
]


@pytest.mark.parametrize(("changed", "words"), REFUSED)
def test_what_can_not_be_trusted_is_said(client: Client, changed: dict[str, Any], words: str) -> None:
    page = client.post(reverse("issuers:new"), given(**changed))
    assert page.status_code == 400 and says(page, words) and not TrustedIssuer.objects.exists()


def test_the_same_issuer_is_trusted_once_for_each_tenant(client: Client) -> None:
    client.post(reverse("issuers:new"), given())
    assert says(client.post(reverse("issuers:new"), given()), "trusted already")
    client.post(reverse("issuers:new"), given(tenant_claim="org", tenant_value="acme"))
    assert TrustedIssuer.objects.count() == 2


def test_a_change_ends_what_was_opened_by_something_else(acme: Cast, client: Client) -> None:
    bearer = Bearer()
    issuer = trusted(acme.acme, bearer.app.client_id)
    signed_in_by_sso(acme.dana, acme.acme)
    assert bearer.bring().status_code == 200
    same = given(client_ids=bearer.app.client_id, scopes=issuer.scopes.split())
    assert says(
        client.post(reverse("issuers:detail", args=[issuer.pk]), same | {"name": "Okta"}, follow=True), "Saved."
    )
    assert ConnectedApp.objects.get().ended_at is None, "another name opens nothing else"
    page = client.post(reverse("issuers:detail", args=[issuer.pk]), same | {"scopes": ["tools.read"]}, follow=True)
    assert says(page, "1 connected apps ended") and ConnectedApp.objects.get().ended_at is not None
    assert bearer.bring().json()["scope"] == "tools.read"


def test_alice_approves_what_waits(acme: Cast, client: Client) -> None:
    issuer = trusted(acme.acme, "hrt_c_1")
    waiting = TrustedProfile.objects.create(
        issuer=issuer, profile_id=acme.acme.profiles.get().pk, scopes="tools.read", wanted="tools.dangerous"
    )
    assert says(client.get(reverse("issuers:list")), "Waits for you")
    assert says(client.get(reverse("issuers:detail", args=[issuer.pk])), "gained riskier tools")
    assert says(client.post(reverse("issuers:approve", args=[waiting.pk]), follow=True), "Approved.")
    waiting.refresh_from_db()
    assert (waiting.scopes, waiting.wanted) == ("tools.read tools.dangerous", "")
    assert Event.objects.filter(code="issuer.profile_approved").exists()
    assert client.post(reverse("issuers:approve", args=[waiting.pk])).status_code == 404


def test_alice_ends_it_by_its_name(acme: Cast, client: Client) -> None:
    issuer = trusted(acme.acme, "hrt_c_1")
    assert client.post(reverse("issuers:end", args=[issuer.pk]), {"confirmation": "x"}).status_code == 400
    page = client.post(reverse("issuers:end", args=[issuer.pk]), {"confirmation": "Acme Okta"}, follow=True)
    assert says(page, "trusted no more") and not TrustedIssuer.objects.exists()


def test_others_can_not(acme: Cast, client: Client) -> None:
    issuer = trusted(acme.acme, "hrt_c_1")
    pages = (reverse("issuers:new"), *(reverse(f"issuers:{name}", args=[issuer.pk]) for name in ("detail", "end")))
    client.force_login(acme.bob)
    assert [client.post(page, given()).status_code for page in pages] == [403, 403, 403]
    client.force_login(acme.charlie)
    assert [client.post(page, given()).status_code for page in pages[1:]] == [404, 404]
    assert TrustedIssuer.objects.get().name == "Acme Okta"
