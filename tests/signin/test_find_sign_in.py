"""A client finds out where to sign in and how, before it has said who it is; old things are forgotten."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.db.models import F
from django.test import Client

from harriet.people.models import AccessToken
from harriet.signin.actions.forget_old_tokens import forget_old_tokens
from harriet.signin.models import AuthorizationCode, IssuedToken, RefreshToken
from tests.stage.cast import Cast
from tests.stage.signing_app import App

pytestmark = pytest.mark.django_db

DOCUMENTS = [
    "/.well-known/oauth-authorization-server/oauth/acme",
    "/.well-known/openid-configuration/oauth/acme",
    "/oauth/acme/.well-known/openid-configuration",
    "/oauth/acme/.well-known/oauth-authorization-server",
]


@pytest.mark.parametrize("address", DOCUMENTS)
def test_the_servers_document_says_the_same_wherever_clients_look(acme: Cast, client: Client, address: str) -> None:
    answer = client.get(address)
    said = answer.json()
    assert answer.status_code == 200 and said == client.get(DOCUMENTS[0]).json()
    assert said["issuer"] == f"{settings.BASE_URL}/oauth/acme"
    assert said["code_challenge_methods_supported"] == ["S256"] and said["response_types_supported"] == ["code"]
    assert (
        said["authorization_response_iss_parameter_supported"] is said["client_id_metadata_document_supported"] is True
    )
    assert set(said["token_endpoint_auth_methods_supported"]) == {"none", "client_secret_basic", "client_secret_post"}
    assert "offline_access" not in said["scopes_supported"]
    assert answer["Access-Control-Allow-Origin"] == "*" and client.head(address).status_code == 200
    assert client.post(address).status_code == 405
    assert client.options(address, headers={"Origin": "https://inspector.example"}).status_code == 204


def test_every_address_in_the_document_is_there(acme: Cast, client: Client) -> None:
    said = client.get(DOCUMENTS[0]).json()
    for name, address in said.items():
        if name.endswith(("_endpoint", "_uri")):
            path = address.removeprefix(settings.BASE_URL)
            assert path.startswith("/oauth/acme/") and client.get(path).status_code != 404, name
    assert client.get("/oauth/acme/jwks").json() == {"keys": []}


def test_a_profiles_document_is_the_same_whether_or_not_there_is_one(acme: Cast, client: Client) -> None:
    for slug in ("work", "no-such"):
        answer = client.get(f"/.well-known/oauth-protected-resource/mcp/acme/{slug}")
        said = answer.json()
        assert (
            said["resource"] == f"{settings.BASE_URL}/mcp/acme/{slug}" and answer["Access-Control-Allow-Origin"] == "*"
        )
        assert said["authorization_servers"] == [f"{settings.BASE_URL}/oauth/acme"]
        assert said["bearer_methods_supported"] == ["header"] and "work" not in said["resource_name"].lower()
    assert client.get("/.well-known/oauth-protected-resource/mcp/nobody/work").status_code == 404
    assert client.get("/.well-known/oauth-authorization-server/oauth/nobody").status_code == 404


def test_old_things_are_forgotten_and_a_sign_in_is_not(acme: Cast) -> None:
    app = App()
    first = app.sign_in(acme.dana)
    second = app.refresh(first["refresh_token"]).json()
    AuthorizationCode.objects.update(expires=F("expires") - timedelta(days=2))
    IssuedToken.objects.update(expires=F("expires") - timedelta(days=60))
    RefreshToken.objects.exclude(answered_at=None).update(answered_at=F("answered_at") - timedelta(minutes=2))
    forget_old_tokens()
    assert not AuthorizationCode.objects.exists() and not RefreshToken.objects.exclude(sealed_answer=None).exists()
    assert RefreshToken.objects.count() == 2, "a used one is still known as such"
    RefreshToken.objects.exclude(revoked=None).update(revoked=F("revoked") - timedelta(days=31))
    forget_old_tokens()
    assert RefreshToken.objects.count() == IssuedToken.objects.count() == 1
    assert app.refresh(second["refresh_token"]).status_code == 200
    assert AccessToken.objects.filter(kind="oauth").count() == 1
