"""A token endpoint is asked once, proves who asks as it was registered, and whatever comes is told apart."""

from __future__ import annotations

import base64
import json
import time
from urllib.parse import quote_plus

import pytest
from jwcrypto.jwk import JWK
from jwcrypto.jwt import JWT

from harriet.lib.secret import Secret
from tests.servers.running import free_port
from tests.servers.token_endpoint import Reply, TokenEndpoint, said
from tests.stage.cast import Cast
from tests.stage.oauth import CLIENT_SECRET, RESOURCE, give_secret, make_client, make_grant
from vault.errors import CannotOpen
from vault.models import OAuthClient
from vault.oauth.answers import Failure, TokenAnswer
from vault.oauth.error_codes import Kind
from vault.oauth.exchange import token_request
from vault.oauth.grants import grant_of
from vault.oauth.sealing import refresh_token
from vault.open import opener_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def client_(cast: Cast, endpoint: TokenEndpoint) -> OAuthClient:
    endpoint.forms.clear()
    endpoint.headers.clear()
    endpoint.answers = lambda form: said(access_token="at", token_type="Bearer", expires_in=60)
    return make_client(cast.acme, endpoint.url)


def ask(client: OAuthClient, **more: float) -> TokenAnswer | Failure:
    return token_request(client, {"grant_type": "refresh_token", "refresh_token": Secret("rt+/=")}, **more)


def failed(client: OAuthClient, **more: float) -> Failure:
    answer = ask(client, **more)
    assert isinstance(answer, Failure)
    return answer


def test_a_public_client_says_its_name(client_: OAuthClient, endpoint: TokenEndpoint) -> None:
    assert isinstance(ask(client_), TokenAnswer)
    assert endpoint.forms == [{"grant_type": "refresh_token", "refresh_token": "rt+/=", "client_id": "harriet"}]
    assert "authorization" not in endpoint.headers[0]


def test_a_secret_goes_as_basic_form_encoded(client_: OAuthClient, endpoint: TokenEndpoint) -> None:
    assert isinstance(ask(give_secret(client_)), TokenAnswer)
    pair = base64.b64decode(endpoint.headers[0]["authorization"].removeprefix("Basic ")).decode()
    assert pair == f"harriet:{quote_plus(CLIENT_SECRET)}"
    assert "client_id" not in endpoint.forms[0]


def test_a_secret_goes_in_the_form(client_: OAuthClient, endpoint: TokenEndpoint) -> None:
    assert isinstance(ask(give_secret(client_, method="client_secret_post")), TokenAnswer)
    assert endpoint.forms[0]["client_secret"] == CLIENT_SECRET
    assert "authorization" not in endpoint.headers[0]


@pytest.mark.parametrize(("kind", "options"), [("EC", {"crv": "P-256"}), ("RSA", {"size": 2048})])
@pytest.mark.parametrize("spelling", ["jwk", "pem"])
def test_an_assertion_is_signed_for_the_issuer(
    client_: OAuthClient, endpoint: TokenEndpoint, kind: str, options: dict[str, object], spelling: str
) -> None:
    key = JWK.generate(kty=kind, **options)
    text = key.export() if spelling == "jwk" else key.export_to_pem(private_key=True, password=None).decode()
    assert isinstance(ask(give_secret(client_, text, "private_key_jwt")), TokenAnswer)
    form = endpoint.forms[0]
    token = JWT(jwt=form["client_assertion"], key=JWK.from_json(key.export_public()))
    claims = json.loads(token.claims)
    assert (claims["iss"], claims["sub"], claims["aud"]) == ("harriet", "harriet", "https://id.example")
    assert claims["iat"] <= time.time() - 30, "their clock may be behind ours"
    assert 200 <= claims["exp"] - claims["iat"] <= 300
    assert form["client_assertion_type"].endswith("jwt-bearer")


def test_a_key_that_signs_nothing_is_an_admins_business(client_: OAuthClient, endpoint: TokenEndpoint) -> None:
    failure = failed(give_secret(client_, "no key", "private_key_jwt"))
    assert (failure.kind, failure.code) == (Kind.OPERATOR, "no_secret")
    assert endpoint.forms == []


@pytest.mark.parametrize(
    ("address", "code"),
    [("", "no_endpoint"), ("http://[", "no_endpoint"), ("ftp://id.example/token", "not_https"), (None, "out_of_reach")],
)
def test_nothing_is_sent_where_it_may_not_go(client_: OAuthClient, address: str | None, code: str) -> None:
    client_.metadata = {"token_endpoint": "https://169.254.169.254/token" if address is None else address}
    failure = failed(client_)
    assert (failure.kind, failure.code, failure.is_outcome_open) == (Kind.OPERATOR, code, False)


def test_secrets_go_over_tls_outside_the_company(client_: OAuthClient) -> None:
    client_.allow_internal = False
    assert failed(client_).code == "not_https"


def test_a_request_that_left_without_an_answer_is_open(client_: OAuthClient, endpoint: TokenEndpoint) -> None:
    endpoint.answers = lambda form: Reply(hangs_up=True)
    assert (failed(client_).kind, failed(client_).is_outcome_open) == (Kind.TRANSIENT, True)
    endpoint.answers = lambda form: said(access_token="late", after=0.4)
    assert failed(client_, deadline=0.1).is_outcome_open
    assert len(endpoint.forms) == 3


def test_a_request_that_never_left_is_not(client_: OAuthClient) -> None:
    client_.metadata = {"token_endpoint": f"http://127.0.0.1:{free_port()}/token"}
    failure = failed(client_)
    assert (failure.kind, failure.is_outcome_open, failure.is_endpoint_wide) == (Kind.TRANSIENT, False, True)


def test_a_redirect_is_not_followed(client_: OAuthClient, endpoint: TokenEndpoint) -> None:
    endpoint.answers = lambda form: Reply(302, b"", {"Location": endpoint.url})
    assert failed(client_).kind is Kind.TRANSIENT
    assert len(endpoint.forms) == 1


def test_a_grant_is_sealed_for_its_person_and_generation(cast: Cast, client_: OAuthClient) -> None:
    grant = make_grant(cast, client_, cast.dana, "rt-dana")
    other = make_grant(cast, client_, cast.bob, "rt-bob")
    opener = opener_for(cast.acme.pk)
    assert refresh_token(grant, opener) == Secret("rt-dana")
    assert b"rt-dana" not in bytes(grant.sealed_refresh or b"")
    grant.sealed_refresh = other.sealed_refresh
    with pytest.raises(CannotOpen):
        refresh_token(grant, opener)
    assert grant_of(client_, cast.dana.pk, RESOURCE) == grant
    assert grant_of(client_, None, RESOURCE) is None


def test_a_second_consent_takes_the_place_of_the_first(cast: Cast, client_: OAuthClient) -> None:
    first = make_grant(cast, client_, cast.dana, "rt-1")
    second = make_grant(cast, client_, cast.dana, None)
    assert (second.pk, second.generation) == (first.pk, first.generation + 1)
    assert second.sealed_refresh is None
    assert second.next_refresh_at is None
