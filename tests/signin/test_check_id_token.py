"""ID tokens and logout tokens that are not what they say: every claim wrong in turn, keys, algorithms, replay."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.test import Client
from django.urls import reverse

from harriet.lib import base64url
from harriet.people.models import AssertedIdentity, Membership
from harriet.signin.errors import SignInRefused
from harriet.signin.models import IdentityProvider, ProviderSession
from harriet.signin.oidc.code_flow import check_answer
from harriet.signin.oidc.tokens import LOGOUT_EVENT, check_access_token, check_id_token
from tests.stage.cast import Cast

ISSUER = "https://idp.acme.test"
ALGORITHMS_OF_NONE = ("none", "None", "NONE", "nOnE", "")


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
        {"iat": int(time.time()) + 3600},
        {"nbf": int(time.time()) + 3600},
        {"exp": "soon"},
        {"exp": str(int(time.time()) + 300)},
        {"exp": 1e400},
        {"iat": str(int(time.time()))},
        {"sub": 7},
        {"sub": ["dana-1", "alice-1"]},
        {"aud": []},
        {"aud": ["other", "HARRIET"]},
        {"aud": {"harriet": True}},
        {"nonce": ["n"]},
        {"azp": ["harriet"]},
    ],
)
def test_wrong_token_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(SignInRefused):
        checked(token(**changes))


def by_hand(header: dict[str, Any], signed_by: bytes = b"", **changes: Any) -> str:
    """A token that no library would make: the claims of a good one under any header, with an HMAC or none."""
    claims = jwt.decode(token(**changes), options={"verify_signature": False})
    first = ".".join(base64url.encode(json.dumps(one).encode()) for one in (header, claims))
    value = hmac.digest(signed_by, first.encode(), "sha256") if signed_by else b""
    return f"{first}.{base64url.encode(value)}"


def public_pem() -> bytes:
    return key("one").public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def own_key() -> dict[str, Any]:
    return dict(json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key("evil").public_key())))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(lambda: by_hand({"alg": "HS256", "kid": "one"}, public_pem()), id="public key as a shared secret"),
        pytest.param(lambda: by_hand({"alg": "HS256"}, b"a-secret-of-26-characters"), id="the client's secret"),
        *(pytest.param(lambda a=a: by_hand({"alg": a, "kid": "one"}), id=f"alg {a}") for a in ALGORITHMS_OF_NONE),
        pytest.param(lambda: by_hand({"alg": "RS256", "kid": "one"}), id="no signature"),
        pytest.param(lambda: by_hand({"kid": "one"}), id="no algorithm"),
        pytest.param(lambda: by_hand({"alg": ["RS256"], "kid": "one"}), id="a list of algorithms"),
        pytest.param(lambda: signed({"kid": "one", "crit": ["exp"]}), id="an extension that counts"),
        pytest.param(lambda: signed({"jwk": own_key(), "kid": "evil"}, by="evil"), id="a key of its own"),
        pytest.param(lambda: signed({"jku": "https://evil.test/keys", "kid": "evil"}, by="evil"), id="keys elsewhere"),
        pytest.param(lambda: signed({"kid": "two"}), id="the name of another key"),
        pytest.param(lambda: signed({"kid": {"one": 1}}), id="a name that is none"),
        pytest.param(lambda: f"{token().rpartition('.')[0]}.{'A' * 342}", id="another signature"),
        pytest.param(lambda: f"{token()}.e.f", id="five parts, as encrypted"),
    ],
)
def test_forged_token_is_refused(text: Callable[[], str]) -> None:
    with pytest.raises(SignInRefused):
        checked(text(), published("one", "two"))


def signed(header: dict[str, Any], by: str = "one") -> str:
    claims = jwt.decode(token(), options={"verify_signature": False})
    if not isinstance(header.get("kid"), str):
        first = ".".join(base64url.encode(json.dumps(one).encode()) for one in (header | {"alg": "RS256"}, claims))
        value = key(by).sign(first.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{first}.{base64url.encode(value)}"
    return jwt.encode(claims, key(by), "RS256", header)


def test_two_keys_of_one_name_sign_nothing() -> None:
    """Nobody can say which of them is meant; and one of them may be somebody else's."""
    mine, other = published("one")["keys"][0], published("evil")["keys"][0]
    with pytest.raises(SignInRefused):
        checked(token(), {"keys": [mine, other | {"kid": "one"}]})
    with pytest.raises(SignInRefused):
        checked(token(), {"keys": [mine | {"use": "enc"}]})
    with pytest.raises(SignInRefused):
        checked(token(), {"keys": [mine | {"alg": "PS256"}]})


def test_token_of_long_life_is_kept_for_a_day_at_most() -> None:
    assert checked(token(exp=10**15))["exp"] <= time.time() + 24 * 3600


def half_of(access: str, name: str = "sha256") -> str:
    whole = hashlib.new(name, access.encode()).digest()
    return base64url.encode(whole[: len(whole) // 2])


def test_access_token_belongs_to_the_id_token() -> None:
    """Else somebody could put another person's into the answer."""
    text = token(at_hash=half_of("mine"))
    said = checked(text)
    check_access_token("mine", text, said)
    check_access_token("anything", token(), checked(token()))
    for other in ("theirs", ""):
        with pytest.raises(SignInRefused, match="does not belong to it"):
            check_access_token(other, text, said)
    longer = token(algorithm="RS512", at_hash=half_of("mine", "sha512"))
    check_access_token("mine", longer, jwt.decode(longer, options={"verify_signature": False}))


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
