"""The keys of a trusted issuer, read at an address: changed ones are found, and what can't be read opens nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache

from harriet.people.models import AccessToken
from harriet.signin.models import TrustedIssuer
from harriet.signin.server.issuer_keys import LARGEST
from tests.servers.authorization_server import AuthorizationServer, Reply
from tests.stage.assertions import Bearer, public_keys, signed_in_by_sso, trusted
from tests.stage.cast import Cast

pytestmark = pytest.mark.django_db
KEYS = "/keys"


@pytest.fixture
def server() -> Iterator[AuthorizationServer]:
    with AuthorizationServer() as running:
        running.documents[KEYS] = public_keys("first")
        yield running


@pytest.fixture
def bearer(acme: Cast, server: AuthorizationServer) -> Bearer:
    acme.acme.internal_hosts = ["127.0.0.1"]
    acme.acme.save()
    made = Bearer()
    trusted(acme.acme, made.app.client_id, keys={}, keys_url=f"{server.origin}{KEYS}", allow_internal=True)
    signed_in_by_sso(acme.dana, acme.acme)
    return made


def later() -> None:
    """Half a minute later it may be asked again."""
    issuer = TrustedIssuer.objects.get()
    cache.delete(f"issuer-keys:{issuer.pk}:{issuer.changed_at.timestamp()}:asked")


def test_they_are_read_once_and_kept(bearer: Bearer, server: AuthorizationServer) -> None:
    for _ in range(3):
        assert bearer.bring().status_code == 200
    assert len(server.at(KEYS)) == 1


def test_a_new_key_is_found_and_an_old_one_is_none_any_more(bearer: Bearer, server: AuthorizationServer) -> None:
    assert bearer.bring().status_code == 200
    server.documents[KEYS] = public_keys("second")
    for _ in range(5):
        assert bearer.bring(bearer.assertion(signer="second")).json()["error"] == "invalid_grant"
    assert len(server.at(KEYS)) == 1, "nobody makes Harriet knock there with invented key ids"
    later()
    assert bearer.bring(bearer.assertion(signer="second")).status_code == 200
    assert bearer.bring().json()["error"] == "invalid_grant"
    assert len(server.at(KEYS)) == 2


def refused(bearer: Bearer) -> str:
    answer = bearer.bring()
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant"), answer.content
    assert not AccessToken.objects.filter(kind="oauth").exists()
    return str(answer.json()["error_description"])


WRONG: dict[str, Reply] = {
    "an error": Reply(500, public_keys("first")),
    "a web page": Reply(200, "<html>no</html>"),
    "somewhere else": Reply(302, "", {"Location": KEYS}),
    "nothing": Reply(200, ""),
    "far too much": Reply(200, json.dumps({**public_keys("first"), "more": "x" * LARGEST})),
    "nested without end": Reply(200, "[" * 100_000),
}


@pytest.mark.parametrize("reply", WRONG.values(), ids=WRONG.keys())
def test_what_can_not_be_read_opens_nothing(bearer: Bearer, server: AuthorizationServer, reply: Reply) -> None:
    server.pages[KEYS] = lambda _: reply
    assert "can't be read" in refused(bearer)
    assert len(server.at(KEYS)) == 1


NO_KEYS: dict[str, Any] = {
    "a list": [],
    "no list of keys": {"keys": "first"},
    "a shared secret": {"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "first"}]},
    "a key for something else": {"keys": [{**public_keys("first")["keys"][0], "use": "enc"}]},
}


@pytest.mark.parametrize("document", NO_KEYS.values(), ids=NO_KEYS.keys())
def test_what_is_no_key_opens_nothing(bearer: Bearer, server: AuthorizationServer, document: Any) -> None:
    server.documents[KEYS] = document
    assert "signature" in refused(bearer)


def test_known_keys_hold_while_the_address_is_away(bearer: Bearer, server: AuthorizationServer) -> None:
    assert bearer.bring().status_code == 200
    server.pages[KEYS] = lambda _: Reply(503, "")
    later()
    assert bearer.bring().status_code == 200
    assert bearer.bring(bearer.assertion(signer="second")).json()["error"] == "invalid_grant"


def test_an_address_inside_is_asked_only_where_an_owner_said_so(
    acme: Cast, bearer: Bearer, server: AuthorizationServer
) -> None:
    TrustedIssuer.objects.update(allow_internal=False)
    refused(bearer)
    later()
    TrustedIssuer.objects.update(allow_internal=True)
    acme.acme.internal_hosts = []
    acme.acme.save()
    refused(bearer)
    assert not server.at(KEYS)


def test_nobody_there(bearer: Bearer) -> None:
    TrustedIssuer.objects.update(keys_url="http://127.0.0.1:1/keys")
    assert "can't be read" in refused(bearer)
