"""Answers to the exchange of a person's company sign-in: of the server's issuer in one step or the second of two, and
of the identity provider in the first of two."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import jwt

from tests.oauth.answers_of_providers import HTML, PAGE
from tests.servers.token_endpoint import Reply, said

TYPES = "urn:ietf:params:oauth:token-type:"
SIGN_INS, ISSUER, CLIENT, RESOURCE = "https://idp.example", "https://id.example", "harriet", "https://crm.example/mcp"
ONE_STEP, TWO_STEPS = "token_exchange", "id_jag"
KEY = "whose signatures the issuer judges, and not Harriet"

Answer = Callable[[], Reply]


class Exchanged(NamedTuple):
    title: str
    replies: tuple[Answer, ...]
    """One for each try; the last goes on."""
    steps: str = ONE_STEP
    is_of_provider: bool = False
    """In the first of two steps; the issuer gives a token then."""


def token(after: float = 0.0, **changes: Any) -> Reply:
    """An access token, as RFC 8693 has it; None leaves out."""
    fields = {"access_token": "at-next", "issued_token_type": f"{TYPES}access_token", "token_type": "Bearer"}
    given = {**fields, "expires_in": 3600, **changes}
    return said(after=after, **{name: value for name, value in given.items() if value is not None})


def sign_in() -> str:
    """Dana's ID token."""
    return jwt.encode({"iss": SIGN_INS, "aud": "harriet-sso", "sub": "dana-1"}, KEY, algorithm="HS256")


def assertion(claims: dict[str, Any] | None = None, typ: str = "oauth-id-jag+jwt", **changes: Any) -> Reply:
    """About Dana, for the issuer; None leaves out."""
    now = int(time.time())
    about = {"iss": SIGN_INS, "sub": "dana-1", "aud": ISSUER, "client_id": CLIENT, "resource": RESOURCE}
    made = jwt.encode({**about, "iat": now, "exp": now + 300, **(claims or {})}, KEY, "HS256", {"typ": typ})
    return token(**{"access_token": made, "issued_token_type": f"{TYPES}id-jag", "token_type": "N_A", **changes})


def _given(title: str, steps: str = ONE_STEP, **changes: Any) -> Exchanged:
    return Exchanged(title, (lambda: token(**changes),), steps)


def _word(title: str, claims: dict[str, Any] | None = None, **changes: Any) -> Exchanged:
    return Exchanged(title, (lambda: assertion(claims, **changes),), TWO_STEPS, is_of_provider=True)


def _refused(status: int, code: str) -> tuple[str, Reply]:
    return f"{status}, error {code}", said(status, error=code)


_REFUSALS = (
    _refused(400, "invalid_grant"),
    _refused(400, "invalid_request"),
    _refused(400, "invalid_token"),
    _refused(400, "access_denied"),
    _refused(400, "interaction_required"),
    _refused(401, "insufficient_user_authentication"),
    _refused(401, "invalid_client"),
    _refused(400, "unauthorized_client"),
    _refused(400, "unsupported_grant_type"),
    _refused(400, "invalid_target"),
    _refused(400, "invalid_scope"),
    _refused(400, "unsupported_token_type"),
    _refused(400, "use_dpop_nonce"),
    _refused(503, "temporarily_unavailable"),
    ("403, a web page of a wall", Reply(403, PAGE, HTML)),
    ("200, a web page", Reply(200, PAGE, HTML)),
    ("302 to a sign-in page", Reply(302, b"", {"Location": "https://id.example/login"})),
    ("429, come back in 90 seconds", Reply(429, b"", {"Retry-After": "90"})),
    ("no answer: it hangs up", Reply(hangs_up=True)),
    ("no answer within the time", token(after=4.0)),
)


def _refusals(steps: str, *, is_of_provider: bool = False) -> tuple[Exchanged, ...]:
    return tuple(Exchanged(title, (lambda r=reply: r,), steps, is_of_provider) for title, reply in _REFUSALS)


IN_ONE_STEP = (
    _given("an access token, as RFC 8693 has it"),
    _given("an access token that is called a JWT", issued_token_type=f"{TYPES}jwt"),
    _given("no issued_token_type", issued_token_type=None),
    _given("with a refresh token", refresh_token="rt-next"),
    _given("no lifetime", expires_in=None),
    _given("a lifetime of 0", expires_in=0),
    _given("a lifetime as text", expires_in="600"),
    _given("a lifetime in words", expires_in="ten minutes"),
    _given("the scopes that were asked for", scope="read write"),
    _given("fewer scopes", scope="read"),
    _given("more scopes", scope="read write admin"),
    _given("other scopes", scope="admin"),
    _given("slowly, but in time", after=0.2),
    _given("an ID token in its place", issued_token_type=f"{TYPES}id_token"),
    _given("a refresh token in its place", issued_token_type=f"{TYPES}refresh_token"),
    _given("SAML in its place", issued_token_type=f"{TYPES}saml2"),
    _given("an assertion (ID-JAG) in its place", issued_token_type=f"{TYPES}id-jag"),
    _given("the token type N_A", token_type="N_A"),
    _given("the token type DPoP", token_type="DPoP"),
    _given("no access token", access_token=None),
    *_refusals(ONE_STEP),
    Exchanged("no answer to the first try, then a token", (lambda: Reply(hangs_up=True), token)),
)
OF_PROVIDER = (
    _word("an assertion, as the draft has it"),
    _word("without a lifetime beside it", expires_in=None),
    _word("with a lifetime of 0 beside it", expires_in=0),
    _word("called a bearer token", token_type="Bearer"),
    _word("called an access token (issued_token_type)", issued_token_type=f"{TYPES}access_token"),
    _word("without an issued_token_type", issued_token_type=None),
    _word("no JWT", access_token="opaque"),
    _word("of another type (typ)", typ="JWT"),
    _word("for another issuer (aud)", {"aud": "https://evil.example"}),
    _word("for two issuers (aud)", {"aud": [ISSUER, "https://evil.example"]}),
    _word("for another client (client_id)", {"client_id": "somebody"}),
    _word("for another server (resource)", {"resource": "https://evil.example/mcp"}),
    _word("about somebody else (sub)", {"sub": "bob-1"}),
    _word("of another issuer (iss)", {"iss": "https://evil.example"}),
    _word("that is over (exp)", {"exp": 1}),
    _word("with fewer scopes", {"scope": "read"}, scope="read"),
    *_refusals(TWO_STEPS, is_of_provider=True),
)
OF_ISSUER = (
    _given("an access token", TWO_STEPS, issued_token_type=None),
    _given("fewer scopes", TWO_STEPS, issued_token_type=None, scope="read"),
    _given("the token type DPoP", TWO_STEPS, token_type="DPoP"),
    *_refusals(TWO_STEPS),
)
PARTS_OF_EXCHANGES: dict[str, tuple[Exchanged, ...]] = {
    "A company sign-in, exchanged in one step": IN_ONE_STEP,
    "In two steps: what the identity provider answers": OF_PROVIDER,
    "In two steps: what the server’s issuer answers to the assertion": OF_ISSUER,
}
