"""A client whose id is the address of its own document: it is read under the egress rules, checked, and remembered."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db.models import F
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from harriet.lib.egress import Reach
from harriet.lib.egress.tls import tls_context
from harriet.signin import attempts
from harriet.signin.models import Application
from harriet.signin.protocol.client_metadata import DEVICE_GRANT
from harriet.signin.server import documents
from tests.servers.certificates import certify
from tests.servers.documents import Site, publish
from tests.stage.cast import Cast
from tests.stage.signing_app import App, says

pytestmark = pytest.mark.django_db

REDIRECT = "http://localhost/callback"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """One that Harriet may reach, and whose certificate it trusts."""
    context, _ = certify(tmp_path, "localhost")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "localhost.pem"))
    monkeypatch.setattr(documents, "REACH", Reach(allow_internal=True, internal_hosts=("localhost",)))
    tls_context.cache_clear()
    cache.clear()
    with publish(context) as found:
        yield found
    tls_context.cache_clear()
    cache.clear()


def say(site: Site, **changed: Any) -> App:
    """The site publishes a right document but for what is changed; None is left out."""
    said = {"client_id": site.url, "client_name": "Claude", "redirect_uris": [REDIRECT]} | changed
    site.body = json.dumps({name: value for name, value in said.items() if value is not None}).encode()
    return App(client_id=site.url, redirect_uri="http://localhost:49152/callback")


def test_dana_connects_a_client_that_publishes_a_document(acme: Cast, site: Site) -> None:
    app = say(site)
    page = app.visit(acme.dana, "")
    assert page.status_code == 200 and says(page, "Claude") and says(page, "a document that localhost:")
    assert not says(page, "named itself")
    tokens = app.sign_in(acme.dana)
    assert app.refresh(tokens["refresh_token"]).status_code == 200
    assert site.read == 1, "remembered"
    row = Application.objects.get()
    assert (row.registration_source, row.client_type, row.client_secret) == ("cimd", "public", "")


def test_nobody_who_is_signed_out_makes_harriet_read_anything(acme: Cast, site: Site) -> None:
    app = say(site)
    assert app.visit(None)["Location"].startswith("/accounts/login/")
    assert app.exchange("x").json()["error"] == "invalid_client"
    assert site.read == 0


BAD: list[dict[str, Any]] = [
    {"client_id": "https://localhost/other.json"},
    {"client_id": None},
    {"client_name": None},
    {"client_name": ""},
    {"client_name": "Cl\u202eaude"},
    {"redirect_uris": None},
    {"redirect_uris": []},
    {"redirect_uris": "http://localhost/callback"},
    {"redirect_uris": ["javascript:alert(1)"]},
    {"token_endpoint_auth_method": "client_secret_basic"},
    {"token_endpoint_auth_method": "private_key_jwt"},
    {"client_secret": "everybody reads it"},
    {"policy_uri": "x" * 6000},
]


@pytest.mark.parametrize("changed", BAD)
def test_a_document_that_is_not_right_makes_no_client(acme: Cast, site: Site, changed: dict[str, Any]) -> None:
    page = say(site, **changed).visit(acme.dana, "")
    assert page.status_code == 400 and "Location" not in page and not Application.objects.exists()


@pytest.mark.parametrize(
    ("status", "body"), [(404, b"{}"), (500, b"{}"), (301, b""), (200, b"<html>"), (200, b"[]"), (200, b"[" * 4000)]
)
def test_an_answer_that_is_no_document_makes_no_client(acme: Cast, site: Site, status: int, body: bytes) -> None:
    app = say(site)
    site.status, site.body, site.headers = status, body, {"Location": site.url}
    assert app.visit(acme.dana, "").status_code == 400 and not Application.objects.exists()
    say(site)
    site.status = 200
    assert app.visit(acme.dana, "").status_code == 400 and site.read == 1, "left alone for some seconds"
    cache.clear()
    assert app.visit(acme.dana, "").status_code == 200, "and never for long"


def test_a_document_is_read_again_when_it_is_old_and_holds_while_it_can_not_be(acme: Cast, site: Site) -> None:
    site.headers = {"Cache-Control": "max-age=999999999"}
    app = say(site)
    app.sign_in(acme.dana)
    row = Application.objects.get()
    assert row.cimd_expires_at and row.cimd_expires_at < timezone.now() + timedelta(days=1, minutes=1)
    Application.objects.update(cimd_expires_at=F("created"))
    site.status = 500
    assert app.visit(acme.dana).status_code == 302, "what it said before holds"
    Application.objects.update(cimd_expires_at=F("created"))
    cache.clear()
    site.status = 200
    say(site, redirect_uris=["https://claude.example/callback"])
    assert app.visit(acme.dana, "").status_code == 400, "the redirect that it took back"


def test_the_doctor_says_what_was_wrong_with_the_document(acme: Cast, site: Site) -> None:
    say(site, client_name=None).visit(acme.dana, "")
    browser = Browser()
    browser.force_login(acme.dana)
    page = browser.get(reverse("me:doctor")).content.decode()
    assert "could not use the document that it publishes" in page and "has no client_name" in page
    assert "its secret was not right" not in page
    cache.clear()
    say(site).sign_in(acme.dana)
    assert "recognised by the document that it publishes" in browser.get(reverse("me:doctor")).content.decode()


def test_clients_without_a_person_make_harriet_read_a_few_documents_only(
    acme: Cast, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(attempts._RATES, "client_document", "2/h/key")
    app = say(site, grant_types=[DEVICE_GRANT])
    for number in range(3):
        app.client_id = f"{site.url}?{number}"
        assert app.post("device_authorization", {"client_id": app.client_id}).json()["error"] == "invalid_client"
    assert site.read == 2


def test_a_document_vouches_for_no_program_on_the_computer(acme: Cast, site: Site) -> None:
    warned = "Any program on this computer can say that it is this client."
    page = say(site).visit(acme.dana, "")
    assert says(page, warned) and says(page, "Go on only if you started this yourself")
    app = say(site, redirect_uris=["https://client.example/cb"])
    Application.objects.update(cimd_expires_at=F("created"))
    app.redirect_uri = "https://client.example/cb"
    page = app.visit(acme.dana, "")
    assert page.status_code == 200 and not says(page, warned) and not says(page, "Go on only if")


INSIDE = [
    "https://127.0.0.1/client.json",
    "https://localhost/client.json",
    "https://169.254.169.254/latest/meta-data",
    "https://[::1]/client.json",
    "https://[::ffff:127.0.0.1]/client.json",
    "https://10.0.0.1/client.json",
    "https://2130706433/client.json",
]


@pytest.mark.parametrize("client_id", INSIDE)
def test_no_document_is_read_from_inside(acme: Cast, client_id: str) -> None:
    cache.clear()
    page = App(client_id=client_id).visit(acme.dana, "")
    assert page.status_code == 400 and not Application.objects.exists()


NO_ADDRESS = [
    "http://client.example/client.json",
    "https://client.example",
    "https://client.example/",
    "https://client.example/client.json#x",
    "https://user@client.example/client.json",
    "https://user:secret@client.example/client.json",
    "https://client.example/a/../client.json",
    "https://client.example/a/%2e%2E/client.json",
    "https://client.example:port/client.json",
    "https:///client.json",
    "HTTPS://client.example/client.json",
    "https://client.example/" + "x" * 300,
    "https://client.example/cli ent.json",
]


@pytest.mark.parametrize("client_id", NO_ADDRESS)
def test_what_is_no_address_of_a_document_is_never_asked_for(client_id: str) -> None:
    assert not documents.is_document_address(client_id)
    assert documents.is_document_address("https://claude.ai/oauth/mcp-oauth-client-metadata")
