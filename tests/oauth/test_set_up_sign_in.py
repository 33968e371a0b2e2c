"""Alice connects a server whose people sign in: what was found is offered, and what can't be used is said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from jwcrypto.jwk import JWK

from connectors.actions.check_health import check_health
from connectors.actions.draft_connector import draft_connector
from connectors.actions.save_authentication import save_authentication
from connectors.actions.save_connection import save_connection
from connectors.actions.sync_connector import sync_connector
from connectors.actions.test_connection import test_connection as try_connection
from connectors.models import Connector
from harriet.console.setup_file.export import export
from harriet.console.setup_file.form import read, write
from harriet.lib.secret import Secret
from harriet.people.actions.issue_personal_token import issue_personal_token
from tests.servers.authorization_server import AuthorizationServer, Reply
from tests.servers.moody import Server
from tests.stage.cast import Cast
from tests.stage.ways_back import came_back
from vault.models import Credential, OAuthClient, OAuthGrant
from vault.oauth.addresses import callback_address, document_address
from vault.oauth.begin import begin
from vault.oauth.finish import finish
from vault.queries import credential_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def server() -> Iterator[AuthorizationServer]:
    inside = Server()
    with AuthorizationServer() as running:
        running.protect(inside.answer)
        yield running
    inside.stop()


@pytest.fixture
def draft(cast: Cast, server: AuthorizationServer) -> Connector:
    alice = cast.actor(cast.alice)
    connector = draft_connector(cast.acme, slug="crm", name="CRM", actor=alice)
    return save_connection(connector, url=server.url, allow_internal=True, actor=alice)


def saved(cast: Cast, draft: Connector, type_: str = "oauth_user", secret: str = "", **placement: str) -> Credential:
    actor = cast.actor(cast.alice)
    save_authentication(draft, type=type_, secret=Secret(secret), placement=placement, actor=actor)
    found = credential_of(draft.pk)
    assert found is not None
    return found


def connected(cast: Cast, draft: Connector, server: AuthorizationServer, user: Any) -> OAuthGrant:
    credential = Credential.objects.select_related("oauth_client__organization").get(connector_id=draft.pk)
    back = server.visit(begin(draft.pk, credential, user))
    return finish(came_back(back), user)


def words_of(cast: Cast, connector: Connector) -> str:
    return " ".join(one.sentence for one in try_connection(connector, actor=cast.actor(cast.alice)))


def test_the_wizard_says_what_it_found_and_asks_for_nothing(
    client: Client, cast: Cast, draft: Connector, server: AuthorizationServer
) -> None:
    client.force_login(cast.alice)
    step = reverse("connectors:setup_connection", args=[draft.pk])
    page = client.post(step, {"url": server.url, "allow_internal": "on"}, follow=True)
    shown = page.content.decode()
    assert f"This server asks people to sign in at {server.issuer}. Harriet can register itself there" in shown
    assert page.context["form"]["type"].value() == "oauth_user"
    assert callback_address(server.issuer) in shown
    here = reverse("connectors:setup_authentication", args=[draft.pk])
    done = client.post(here, {"type": "oauth_user", "secret": ""})
    assert done.status_code == 302 and done["Location"] == reverse("connectors:setup_access", args=[draft.pk])
    credential = credential_of(draft.pk)
    assert credential is not None and credential.oauth_client is not None
    assert credential.placement["resource"] == server.url and credential.placement["scopes"] == "tickets.read"
    assert credential.oauth_client.issuer == server.issuer
    again = client.get(here).content.decode()
    assert "tickets.read" in again and "See: tickets" in again


def test_where_harriet_cannot_register_alice_is_told_what_to_do(
    client: Client, cast: Cast, draft: Connector, server: AuthorizationServer
) -> None:
    server.publish(registration_endpoint=None)
    assert "Register Harriet there by hand" in words_of(cast, draft)
    client.force_login(cast.alice)
    here = reverse("connectors:setup_authentication", args=[draft.pk])
    page = client.post(here, {"type": "oauth_user", "secret": ""})
    assert page.status_code == 400 and "by hand" in page.context["form"].errors["client_id"][0]
    done = client.post(here, {"type": "oauth_user", "secret": "s3cret", "client_id": "harriet"})
    assert done.status_code == 302
    (made,) = OAuthClient.objects.all()
    assert (made.origin, made.client_id, made.sealed_secret is not None) == ("typed", "harriet", True)
    assert "s3cret" not in repr(list(Credential.objects.values()))


@pytest.mark.parametrize(
    ("published", "said"),
    [
        ({"code_challenge_methods_supported": None}, "PKCE"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "authorization_endpoint"),
        ({"issuer": "https://evil.example"}, "not who was asked"),
        ({"token_endpoint": "http://169.254.169.254/token"}, "token_endpoint"),
    ],
)
def test_a_provider_that_is_not_fit_is_refused(
    client: Client, cast: Cast, draft: Connector, server: AuthorizationServer, published: Any, said: str
) -> None:
    server.publish(**published)
    assert said in words_of(cast, draft)
    client.force_login(cast.alice)
    page = client.post(reverse("connectors:setup_authentication", args=[draft.pk]), {"type": "oauth_user"})
    assert page.status_code == 400 and said in page.context["form"].errors["issuer"][0]
    assert not OAuthClient.objects.exists() and not server.at("/register")


def test_harriet_looks_with_the_account_of_whoever_looks_after_it(
    cast: Cast, draft: Connector, server: AuthorizationServer
) -> None:
    """Never with Dana's: nobody acts in her name without her asking."""
    saved(cast, draft)
    connected(cast, draft, server, cast.dana)
    run = sync_connector(draft, actor=cast.actor(cast.alice))
    assert not run.is_success and "nobody who looks after the connector has connected one" in run.error
    assert "connected one" in words_of(cast, draft)
    connected(cast, draft, server, cast.alice)
    run = sync_connector(draft, actor=cast.actor(cast.alice))
    assert run.is_success and run.found == 3, run.error
    assert server.seen[-1].headers["authorization"][7:] == server.tokens[-1]


def test_health_does_not_fall_for_an_account(cast: Cast, draft: Connector, server: AuthorizationServer) -> None:
    saved(cast, draft)
    connected(cast, draft, server, cast.alice)
    Connector.objects.update(state="active", health="up")
    draft.refresh_from_db()
    server.tokens.clear()
    assert not sync_connector(draft, actor=cast.actor(cast.alice)).is_success
    Connector.objects.update(checked_at=None)
    assert check_health()[draft.pk] == Connector.Health.UP
    draft.refresh_from_db()
    assert draft.health == Connector.Health.UP


def test_a_shared_account_by_client_credentials(cast: Cast, draft: Connector, server: AuthorizationServer) -> None:
    saved(cast, draft, "oauth_client", "s3cret", client_id="harriet", scopes="tickets.read")
    run = sync_connector(draft, actor=cast.actor(cast.alice))
    assert run.is_success, run.error
    (asked,) = server.at("/token")
    assert asked.fields == {"grant_type": "client_credentials", "scope": "tickets.read", "resource": server.url}
    (grant,) = OAuthGrant.objects.all()
    assert grant.user is None and grant.renewed_by == OAuthGrant.RenewedBy.CLIENT_CREDENTIALS


def test_a_wrong_client_secret_is_tried_and_not_saved(
    client: Client, cast: Cast, draft: Connector, server: AuthorizationServer
) -> None:
    saved(cast, draft, "oauth_client", "s3cret", client_id="harriet")
    before = bytes(OAuthClient.objects.get().sealed_secret or b"")
    server.pages["/token"] = lambda _: Reply(401, {"error": "invalid_client"})
    client.force_login(cast.alice)
    here = reverse("connectors:setup_authentication", args=[draft.pk])
    page = client.post(here, {"type": "oauth_client", "secret": "wrong", "client_id": "harriet"})
    assert page.status_code == 400 and "invalid_client" in page.context["form"].errors["secret"][0]
    assert bytes(OAuthClient.objects.get().sealed_secret or b"") == before


def test_a_service_account(cast: Cast, draft: Connector, server: AuthorizationServer) -> None:
    key = JWK.generate(kty="RSA", size=2048, kid="k1")
    file = {
        "type": "service_account",
        "client_email": "harriet@acme.example",
        "private_key_id": "k1",
        "private_key": key.export_to_pem(private_key=True, password=None).decode(),
        "token_uri": f"{server.origin}/token",
    }
    saved(cast, draft, "service_account", json.dumps(file), scopes="tickets.read")
    run = sync_connector(draft, actor=cast.actor(cast.alice))
    assert run.is_success, run.error
    (asked,) = server.at("/token")
    assert asked.fields.keys() == {"grant_type", "assertion"}
    from jwcrypto.jwt import JWT

    claims = json.loads(JWT(jwt=asked.fields["assertion"], key=key, algs=["RS256"]).claims)
    assert (claims["iss"], claims["sub"], claims["aud"], claims["scope"]) == (
        *("harriet@acme.example", "harriet@acme.example", f"{server.origin}/token"),
        "tickets.read",
    )
    assert 0 < claims["exp"] - claims["iat"] <= 300


def test_the_api_and_the_set_up_file_know_it(
    client: Client, cast: Cast, draft: Connector, server: AuthorizationServer
) -> None:
    _, token = issue_personal_token(
        cast.acme, cast.alice, name="script", expires_in_days=1, actor=cast.actor(cast.alice)
    )
    answer = client.put(
        reverse("api:connector_authentication", args=[draft.pk]),
        {"type": "oauth_user", "scopes": "tickets.read"},
        content_type="application/json",
        headers={"Authorization": f"Bearer {token.reveal()}"},
    )
    assert answer.status_code == 204, answer.content
    Connector.objects.update(state="active")
    part = read(write(export(cast.acme))).connectors[0].authentication
    assert part.type == "oauth_user" and part.entered.placement["issuer"] == server.issuer


def test_a_provider_without_metadata_is_typed_in(cast: Cast, draft: Connector, server: AuthorizationServer) -> None:
    server.documents.clear()
    addresses = {"authorization_url": f"{server.origin}/authorize", "token_url": f"{server.origin}/token"}
    credential = saved(cast, draft, secret="s3cret", client_id="ours", scopes="tickets.read", **addresses)
    assert credential.oauth_client is not None and credential.oauth_client.issuer == f"{server.origin}/token"
    back_of = {"iss": None}
    row = Credential.objects.select_related("oauth_client__organization").get(pk=credential.pk)
    back = server.visit(begin(draft.pk, row, cast.dana), **back_of)
    assert finish(came_back(back), cast.dana).state == OAuthGrant.State.ACTIVE


def test_registrations_are_listed_and_looked_after(
    client: Client, cast: Cast, draft: Connector, server: AuthorizationServer
) -> None:
    saved(cast, draft, secret="s3cret", client_id="harriet")
    client.force_login(cast.alice)
    assert "CRM" in client.get(reverse("vault:oauth_clients")).content.decode()
    (made,) = OAuthClient.objects.all()
    here = reverse("vault:oauth_client", args=[made.pk])
    shown = client.get(here).content.decode()
    assert server.issuer in shown and "s3cret" not in shown
    client.post(here, {"secret": "another"})
    after = OAuthClient.objects.get()
    assert bytes(after.sealed_secret or b"") != bytes(made.sealed_secret or b"")
    server.publish(token_endpoint=f"{server.origin}/token2")
    client.post(reverse("vault:oauth_rediscover", args=[made.pk]))
    assert OAuthClient.objects.get().metadata["token_endpoint"].endswith("/token2")
    client.force_login(cast.dana)
    assert client.get(here).status_code == 403
    client.force_login(cast.charlie)
    assert client.get(here).status_code == 404


def test_the_document_says_what_harriet_is(client: Client) -> None:
    """At the address that is Harriet's client id at an issuer, which is no other's."""
    theirs, others = document_address("https://id.example"), document_address("https://id.example/")
    assert theirs != others
    answer = client.get(theirs.removeprefix("https://harriet.example"))
    assert answer.json()["client_id"] == theirs
    assert answer.json()["redirect_uris"] == [callback_address("https://id.example")]
