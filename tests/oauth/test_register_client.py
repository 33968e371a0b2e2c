"""Harriet makes itself known to a provider: by what is known already, its document, by registering; never twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from harriet.lib.secret import Secret
from harriet.people.errors import NotAllowed
from tests.oauth.connecting import HERE, signing_in
from tests.servers.authorization_server import AuthorizationServer, Reply
from tests.stage.cast import Cast
from vault.actions.save_oauth_client import known_client, registered_client, replace_client_secret, typed_client
from vault.models import OAuthClient
from vault.oauth.addresses import callback_address, document_address
from vault.oauth.discovery import discover
from vault.oauth.registration import CannotRegister, Registration, register
from vault.oauth.sealing import client_secret


@pytest.fixture
def server() -> Iterator[AuthorizationServer]:
    with AuthorizationServer() as running:
        yield running


def registered(server: AuthorizationServer) -> Registration:
    return register(discover(server.url, HERE).metadata, HERE)


def refused(server: AuthorizationServer) -> str:
    with pytest.raises(CannotRegister) as refusal:
        registered(server)
    return refusal.value.message


@pytest.mark.parametrize(
    ("offered", "method"),
    [
        (["client_secret_basic", "client_secret_post", "none"], "client_secret_basic"),
        (["client_secret_post", "none"], "client_secret_post"),
        (["none"], "none"),
        (None, "client_secret_basic"),
    ],
)
def test_it_registers_as_the_provider_offers(server: AuthorizationServer, offered: Any, method: str) -> None:
    server.publish(token_endpoint_auth_methods_supported=offered)
    made = registered(server)
    (asked,) = [json.loads(one.body) for one in server.at("/register")]
    assert asked == {
        "client_name": "Harriet",
        "client_uri": "https://harriet.example",
        "redirect_uris": [callback_address(server.issuer)],
        "response_types": ["code"],
        "application_type": "web",
        "grant_types": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_method": method,
    }
    assert made.auth_method == method and (made.secret is None) is (method == "none")


def test_its_document_is_enough_where_the_provider_takes_one(server: AuthorizationServer, settings: Settings) -> None:
    server.publish(client_id_metadata_document_supported=True)
    made = registered(server)
    assert (made.origin, made.client_id, made.auth_method) == (
        *("document", document_address(server.issuer)),
        "none",
    )
    assert not server.at("/register")
    settings.BASE_URL = "http://127.0.0.1:8000"  # nobody could fetch it there
    assert registered(server).origin == "registered"


@pytest.mark.parametrize(
    ("said", "method", "has_secret"),
    [
        ({"token_endpoint_auth_method": "client_secret_post"}, "client_secret_post", True),
        ({"token_endpoint_auth_method": None}, "client_secret_basic", True),
        ({"client_secret": None}, "none", False),
        ({"client_secret": ""}, "none", False),
    ],
)
def test_what_the_provider_chose_counts(
    server: AuthorizationServer, said: dict[str, Any], method: str, has_secret: bool
) -> None:
    answer = {"client_id": "a", "client_secret": "s", "token_endpoint_auth_method": "client_secret_basic"} | said
    server.pages["/register"] = lambda _: Reply(200, answer)
    made = registered(server)
    assert (made.auth_method, made.secret is not None) == (method, has_secret)


@pytest.mark.parametrize("moment", [0, -1, None, True, "soon", 1e300, []])
def test_a_secret_that_never_expires(server: AuthorizationServer, moment: Any) -> None:
    server.pages["/register"] = lambda _: Reply(201, {"client_id": "a", "client_secret_expires_at": moment})
    assert registered(server).secret_expires_at is None


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(400, {"error": "invalid_redirect_uri", "error_description": "Not\u202e https"}), "invalid_redirect_uri"),
        (Reply(403, "<html>"), "status 403"),
        (Reply(302, "", {"Location": "/elsewhere"}), "status 302"),
        (Reply(201, {}), "without a client ID"),
        (Reply(201, {"client_id": "a\nb"}), "without a client ID"),
        (Reply(201, {"client_id": 7}), "without a client ID"),
        (Reply(201, "[]"), "without a client ID"),
        (Reply(201, {"client_id": "a", "client_secret": "b\r\nX: y"}), "can’t be sent"),
        (Reply(201, "x" * 100_000), "could not register"),
    ],
)
def test_a_refusal_is_said_and_not_repeated(server: AuthorizationServer, reply: Reply, said: str) -> None:
    server.pages["/register"] = lambda _: reply
    message = refused(server)
    assert said in message and "\u202e" not in message
    assert len(server.at("/register")) == 1 and not server.at("/elsewhere")


def test_without_any_way_an_admin_has_to_enter_it(server: AuthorizationServer) -> None:
    server.publish(registration_endpoint=None)
    assert "by hand" in refused(server)
    server.publish(token_endpoint_auth_methods_supported=["private_key_jwt"])
    assert "by hand" in refused(server)


@pytest.mark.django_db
def test_one_registration_serves_many_connectors(cast: Cast, server: AuthorizationServer) -> None:
    first, second = signing_in(cast, server), signing_in(cast, server)
    assert first.client == second.client and len(server.at("/register")) == 1
    secret = client_secret(first.client)
    assert secret is not None and secret.reveal() == server.clients[first.client.client_id]["client_secret"]


@pytest.mark.django_db
def test_an_expired_registration_is_made_anew(cast: Cast, server: AuthorizationServer) -> None:
    answers = iter([{"client_id": "old", "client_secret": "s", "client_secret_expires_at": 1}, {"client_id": "new"}])
    server.pages["/register"] = lambda _: Reply(201, next(answers))
    assert signing_in(cast, server).client.client_id == "old"
    assert signing_in(cast, server).client.client_id == "new"


@pytest.mark.django_db
def test_credentials_go_by_issuer(cast: Cast, server: AuthorizationServer) -> None:
    """Another authorization server is another registration: nothing of the first is sent to it."""
    with AuthorizationServer() as other:
        mine, theirs = signing_in(cast, server), signing_in(cast, other)
        assert mine.client != theirs.client
        assert known_client(cast.acme, other.issuer) == theirs.client
        assert known_client(cast.globex, other.issuer) is None, "and another organization has its own"


@pytest.mark.django_db
def test_what_an_admin_entered_comes_first(cast: Cast, server: AuthorizationServer) -> None:
    metadata, alice = discover(server.url, HERE).metadata, cast.actor(cast.alice)
    more: dict[str, Any] = {"name": "CRM", "allow_internal": True, "actor": alice}
    typed = typed_client(cast.acme, metadata, client_id="ours", secret=Secret("s1"), **more)
    assert typed.auth_method == OAuthClient.AuthMethod.BASIC
    cast.acme.internal_hosts = ["127.0.0.1"]
    assert registered_client(cast.acme, metadata, **more) == typed
    assert not server.at("/register")
    again = typed_client(cast.acme, metadata, client_id="ours", secret=None, **more)
    kept = client_secret(again)
    assert again == typed and kept is not None and kept.reveal() == "s1"
    replace_client_secret(typed, Secret("s2"), actor=alice)
    typed.refresh_from_db()
    changed = client_secret(typed)
    assert changed is not None and changed.reveal() == "s2"


@pytest.mark.django_db
def test_dana_registers_nothing(cast: Cast, server: AuthorizationServer) -> None:
    metadata = discover(server.url, HERE).metadata
    for person in (cast.dana, cast.charlie):
        with pytest.raises(NotAllowed):
            registered_client(cast.acme, metadata, name="CRM", allow_internal=True, actor=cast.actor(person))
    assert not server.at("/register") and not OAuthClient.objects.exists()
