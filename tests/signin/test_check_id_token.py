"""ID tokens and logout tokens that are not what they say: every claim wrong in turn, keys, algorithms, replay."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from functools import cache
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client
from django.urls import reverse

from harriet.people.models import AssertedIdentity, Membership
from harriet.signin.errors import SignInRefused
from harriet.signin.models import IdentityProvider, ProviderSession
from harriet.signin.oidc.code_flow import check_answer
from harriet.signin.oidc.tokens import LOGOUT_EVENT, check_id_token
from tests.stage.cast import Cast

ISSUER = "https://idp.acme.test"


@cache
def key(name: str) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def published(*names: str) -> Mapping[str, Any]:
    found = [json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key(name).public_key())) for name in names]
    return {"keys": [one | {"kid": name, "use": "sig", "alg": "RS256"} for one, name in zip(found, names, strict=True)]}


def token(by: str = "one", algorithm: str = "RS256", kid: str | None = "one", **changes: Any) -> str:
    now = int(time.time())
    said = {"iss": ISSUER, "aud": "harriet", "sub": "dana-1", "exp": now + 300, "iat": now, "nonce": "n"} | changes
    said = {name: value for name, value in said.items() if value is not None}
    signing: Any = key(by) if algorithm.startswith("RS") else "x" * 40
    return jwt.encode(said, signing if algorithm != "none" else None, algorithm, {"kid": kid} if kid else None)


def checked(text: str, keys: Mapping[str, Any] | None = None) -> dict[str, Any]:
    known = keys or published("one")
    return check_id_token(text, issuer=ISSUER, client_id="harriet", nonce="n", keys=lambda _: known, now=time.time())


def test_good_token() -> None:
    assert checked(token())["sub"] == "dana-1"
    assert checked(token(kid=None))["sub"] == "dana-1"
    assert checked(token(aud=["harriet", "other"], azp="harriet"))["sub"] == "dana-1"


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://evil.test"},
        {"iss": f"{ISSUER}/"},
        {"iss": None},
        {"aud": "other"},
        {"aud": None},
        {"aud": ["harriet", "other"]},
        {"aud": ["harriet", "other"], "azp": "other"},
        {"azp": "other"},
        {"exp": 1},
        {"exp": None},
        {"iat": 1},
        {"iat": None},
        {"sub": None},
        {"nonce": "other"},
        {"nonce": None},
        {"by": "evil"},
        {"kid": "unknown"},
        {"algorithm": "HS256"},
        {"algorithm": "none"},
        {"algorithm": "RS512"},
    ],
)
def test_wrong_token_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(SignInRefused):
        checked(token(**changes))


@pytest.mark.parametrize("text", ["", "a.b.c", "x" * 100_000, "a"])
def test_what_is_no_token(text: str) -> None:
    with pytest.raises(SignInRefused):
        checked(text)


def test_key_is_read_anew_once() -> None:
    """The provider has changed its key since the keys were read."""
    asked: list[bool] = []

    def keys(is_anew: bool) -> Mapping[str, Any]:
        asked.append(is_anew)
        return published("two") if is_anew else published("one")

    text = token(by="two", kid="two")
    said = check_id_token(text, issuer=ISSUER, client_id="harriet", nonce="n", keys=keys, now=time.time())
    assert said["sub"] == "dana-1"
    assert asked == [False, True]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({"code": "c", "iss": "https://evil.test"}, "another identity provider"),
        ({"error": "access_denied", "iss": "https://evil.test"}, "another identity provider"),
        ({"code": "c"}, "does not say from which"),
        ({"iss": ISSUER}, "no code"),
        ({"iss": ISSUER, "error": "access_denied"}, "does not let you use Harriet"),
        ({"iss": ISSUER, "error": "<script>"}, "refused the sign-in"),
    ],
)
def test_answer_of_another_provider_is_refused(answer: dict[str, str], why: str) -> None:
    """The mix-up: `iss` is looked at first, even of an error."""
    with pytest.raises(SignInRefused, match=why):
        check_answer(answer, {"says_iss": True}, ISSUER)


@pytest.fixture
def provider(cast: Cast) -> IdentityProvider:
    return IdentityProvider.objects.create(
        organization=cast.acme,
        kind="oidc",
        name="Acme account",
        is_active=True,
        issuer=ISSUER,
        client_id="harriet",
        keys=published("one"),
        logout_stops_clients=True,
        endpoints={"jwks_uri": "https://idp.acme.test/keys"},
    )


@pytest.fixture
def dana(cast: Cast, provider: IdentityProvider) -> Client:
    """Signed in by the provider."""
    membership = Membership.objects.get(user=cast.dana)
    AssertedIdentity.objects.create(membership=membership, provider_id=provider.pk, source="oidc", subject="dana-1")
    client = Client()
    client.force_login(cast.dana)
    ProviderSession.objects.create(
        session_id=client.session.session_key, provider=provider, membership=membership, subject="dana-1", sid="s1"
    )
    return client


def logout_token(**changes: Any) -> str:
    event = {"events": {LOGOUT_EVENT: {}}, "jti": "j1", "nonce": None, "sid": "s1"}
    return token(**(event | changes))


def post(provider: IdentityProvider, text: str) -> int:
    return Client().post(reverse("sso:logout", args=[provider.pk]), {"logout_token": text}).status_code


@pytest.mark.django_db
def test_back_channel_logout_ends_session_and_clients(dana: Client, provider: IdentityProvider) -> None:
    assert dana.get("/me/").status_code == 200
    assert post(provider, logout_token()) == 200
    assert dana.get("/me/").status_code == 302
    assert AssertedIdentity.objects.get().lapsed_at is not None


@pytest.mark.django_db
@pytest.mark.parametrize(
    "changes",
    [
        {"events": None},
        {"events": {}},
        {"nonce": "n"},
        {"sid": None, "sub": None},
        {"aud": "other"},
        {"iss": "https://evil.test"},
        {"by": "evil"},
        {"iat": 1},
        {"jti": None},
        {"algorithm": "HS256"},
    ],
)
def test_wrong_logout_token_ends_nothing(dana: Client, provider: IdentityProvider, changes: dict[str, Any]) -> None:
    provider.read_at = None
    assert post(provider, logout_token(**changes)) == 400
    assert dana.get("/me/").status_code == 200


@pytest.mark.django_db
def test_logout_token_is_taken_once(dana: Client, provider: IdentityProvider) -> None:
    assert post(provider, logout_token(sid="of-somebody-else")) == 200
    assert dana.get("/me/").status_code == 200
    assert post(provider, logout_token()) == 400
