"""Answers of token endpoints, as providers and what stands in front of them give: right, odd, wrong, late and none."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlencode

from tests.servers.token_endpoint import Reply, said

PAGE = b"<!DOCTYPE html><html><head><title>Attention required</title></head><body>Ray ID</body></html>"
_LINKS = b'<!DOCTYPE html><html><body><a href="/in?a=b&error=login_required&c=d">Sign in</a></body></html>'
HTML = {"Content-Type": "text/html"}
GIVEN = {"access_token": "at-next", "refresh_token": "rt-next", "token_type": "Bearer", "expires_in": 3600}


class Case(NamedTuple):
    title: str
    replies: tuple[Reply, ...]
    """One for each try; the last goes on."""
    address: str = ""
    """Of another token endpoint than the one that answers."""


def _given(title: str, **changes: object) -> Case:
    fields = {**GIVEN, **changes}
    return Case(title, (said(**{name: value for name, value in fields.items() if value is not ...}),))


def _raw(title: str, body: bytes, status: int = 200, headers: Mapping[str, str] | None = None, **more: object) -> Case:
    return Case(title, (Reply(status, body, headers or {}, **more),))  # type: ignore[arg-type]


def _refused(error: object, status: int = 400, **headers: str) -> Case:
    kept = {name.replace("_", "-"): value for name, value in headers.items()}
    shown = error if isinstance(error, str) else json.dumps(error)
    after = "".join(f", {name}: {value}" for name, value in kept.items())
    return Case(f"{status}, error {shown}{after}", (said(status, headers=kept, error=error),))


def _told(code: str, words: str, who: str, status: int = 400) -> Case:
    """With what the provider writes beside its code."""
    body = json.dumps({"error": code, "error_description": words}).encode()
    return _raw(f"{status}, error {code}, “{words}” ({who})", body, status)


RIGHT = (
    _given("all that the RFC has"),
    _given("a refresh token that is the same", refresh_token="rt-first"),
    _given("no refresh token", refresh_token=...),
    _given("an empty refresh token", refresh_token=""),
    _given("a refresh token that is null", refresh_token=None),
    _given("fields that nobody knows", ext_expires_in=9, ok=True),
    _given("a lifetime as text", expires_in="3600"),
    _given("a lifetime as a fraction", expires_in=3599.9),
    _given("a lifetime of two minutes", expires_in=120),
    _given("bearer in small letters", token_type="bearer"),
    _given("the scopes that were granted", scope="read write"),
    _given("more scopes", scope="read write admin"),
    Case("a clock that is an hour ahead", (said(headers={"Date": "Thu, 01 Jan 2037 00:00:00 GMT"}, **GIVEN),)),
    Case("slowly, but in time", (said(after=0.2, **GIVEN),)),
)
ODD = (
    _raw("as a form", urlencode(GIVEN).encode(), headers={"Content-Type": "application/x-www-form-urlencoded"}),
    _raw("JSON that is called text", json.dumps(GIVEN).encode(), headers={"Content-Type": "text/plain"}),
    _raw("JSON that is called a web page", json.dumps(GIVEN).encode(), headers=HTML),
    _raw("JSON after a byte order mark", b"\xef\xbb\xbf" + json.dumps(GIVEN).encode()),
    _given("no lifetime", expires_in=...),
    _given("a lifetime of 0", expires_in=0),
    _given("a negative lifetime", expires_in=-3600),
    _given("a lifetime of thirty thousand years", expires_in=10**12),
    _given("a lifetime in words", expires_in="one hour"),
    _given("a lifetime that is true", expires_in=True),
    _given("no token type", token_type=...),
    _given("the token type “token”", token_type="token"),
    _given("a token type that needs a key (DPoP)", token_type="DPoP"),
    _given("fewer scopes", scope="read"),
    _given("scopes with commas", scope="read,write"),
    _given("scopes as a list", scope=["read", "write"]),
    _given("scopes with commas and spaces", scope="read, write"),
    _given("the token type “BearerToken” (Apigee)", token_type="BearerToken"),
    _given("an ID token that is none", id_token="not.a.token"),
    _raw("compressed", gzip.compress(json.dumps(GIVEN).encode()), headers={"Content-Encoding": "gzip"}),
)
NO_TOKEN = (
    _raw("200, a web page", PAGE, headers=HTML),
    _raw("200, nothing", b""),
    _raw("200, half a JSON object", b'{"access_token": "at-ne'),
    _raw("200, a JSON list", b"[]"),
    _raw("204", b"", 204),
    _given("200, no access token", access_token=...),
    _given("200, an access token that is a number", access_token=42),
    _given("200, an access token with a line break", access_token="at\nnext"),
    _given("200, an access token of 20,000 characters", access_token="a" * 20_000),
    _raw("200, 300 KB", b"{" + b" " * 300_000 + b"}"),
)
PERSON = (
    _refused("invalid_grant"),
    _refused("invalid_grant", 401),
    _refused("invalid_grant", 500),
    _raw("200 as a form, error bad_refresh_token (GitHub)", b"error=bad_refresh_token&error_description=No"),
    _raw("200, ok false, error invalid_refresh_token (Slack)", b'{"ok":false,"error":"invalid_refresh_token"}'),
    _refused("interaction_required"),
    _refused("login_required"),
    _refused("consent_required"),
    _refused("invalid_rapt"),
    _refused("expired_token"),
    _refused("access_denied", 403),
    _refused("INVALID_GRANT"),
    _refused("invalid_token", 401),
    _told("invalid_grant", "Token has been expired or revoked.", "Google"),
    _told("invalid_grant", "AADSTS700082: The refresh token has expired due to inactivity.", "Microsoft"),
    _told("unauthorized_client", "refresh_token is invalid", "Atlassian", 403),
    _told(
        "invalid_request",
        "The provided authorization grant or refresh token is invalid, expired or revoked",
        "LinkedIn",
    ),
    _told("invalid_request", "Value passed for the token was invalid.", "X"),
    _raw("401, reason “Invalid Token!” (Zoom)", b'{"reason":"Invalid Token!","error":"invalid_request"}', 401),
    _raw(
        "400, status BAD_REFRESH_TOKEN and no error (HubSpot)",
        b'{"status":"BAD_REFRESH_TOKEN","message":"missing or unknown refresh token"}',
        400,
    ),
    _raw(
        "400, no error, but refresh_token invalid among others (Strava)",
        b'{"message":"Bad Request","errors":[{"resource":"RefreshToken","field":"refresh_token","code":"invalid"}]}',
        400,
    ),
)
_NOT_ALLOWED = "The client is not allowed to use the grant type: an invalid refresh_token grant_type."
_CHALLENGE = 'Basic error="invalid_client"'
ADMIN = (
    _refused("invalid_client", 401),
    _refused("invalid_client"),
    _raw(
        "401, nothing but a challenge that says invalid_client",
        b"",
        401,
        {"WWW-Authenticate": _CHALLENGE},
    ),
    _refused("unauthorized_client"),
    _told("unauthorized_client", _NOT_ALLOWED, "of the kind of grant"),
    _told("invalid_client", "AADSTS7000222: The provided client secret keys are expired.", "Microsoft", 401),
    _refused("unsupported_grant_type"),
    _refused("invalid_scope"),
    _refused("invalid_target"),
    _refused("invalid_request"),
    _refused("use_dpop_nonce"),
    _refused("deleted_client", 401),
    _raw("200, error incorrect_client_credentials (GitHub)", b'{"error":"incorrect_client_credentials"}'),
    Case("an address inside that isn't allowed", (), "https://169.254.169.254/token"),
    Case("no address at all", (), " "),
)
NOBODY = (
    _raw("401, JSON without an error of OAuth", b'{"message":"Unauthorized"}', 401),
    _raw("401, a web page", PAGE, 401, HTML),
    _raw("403, a web page of a wall", PAGE, 403, HTML),
    _raw("400, a web page", PAGE, 400, HTML),
    _raw("400, nothing", b"", 400),
    _raw("404, JSON of another program", b'{"detail":"Not found"}', 404),
    _raw("302 to a sign-in page", b"", 302, {"Location": "https://id.example/login"}),
    _raw("408", b"", 408),
    _raw("425", b"", 425),
    _raw("429, come back in 90 seconds", b"", 429, {"Retry-After": "90"}),
    _raw("429, come back at a date", b"", 429, {"Retry-After": "Fri, 31 Dec 2100 23:59:59 GMT"}),
    _refused("too_many_requests", 429),
    _told("invalid_request", "AADSTS90055: The server is temporarily too busy.", "Microsoft", 429),
    _told("access_denied", "You have made too many requests continuously. Please try again after some time.", "Zoho"),
    _raw("200, a web page with links that hold an error", _LINKS, headers=HTML),
    _raw("403, a web page with links that hold an error", _LINKS, 403, HTML),
    _raw("500, nothing", b"", 500),
    _raw("502, a web page", PAGE, 502, HTML),
    _raw("503, come back in 30 seconds", b"", 503, {"Retry-After": "30"}),
    _raw("504", b"", 504),
    _refused("temporarily_unavailable", 503),
    _refused("server_error", 500),
    _refused("slow_down"),
    _refused("an error that nobody knows"),
    _refused("quota_of_the_moon"),
    _refused({"code": 503, "status": "UNAVAILABLE"}, 503),
    Case("no answer: it hangs up", (Reply(hangs_up=True),)),
    Case("no answer within the time", (said(after=4.0, **GIVEN),)),
    Case("no connection", (), "http://127.0.0.1:9/token"),
    Case("no TLS where it should be", (), "https://127.0.0.1:9/token"),
)
_REFUSED = said(400, error="invalid_grant")
LOST = (
    Case(
        "no answer to the first try, invalid_grant to the second",
        (Reply(hangs_up=True), _REFUSED),
    ),
    Case("504 to the first try, invalid_grant to the second", (Reply(504), _REFUSED)),
    Case("half an answer to the first try, then tokens", (Reply(200, b'{"access'), said(**GIVEN))),
)
PARTS: dict[str, tuple[Case, ...]] = {
    "Tokens, as the RFC has them": RIGHT,
    "Tokens, in a form of the provider’s own": ODD,
    "Success without a token": NO_TOKEN,
    "Refusals that only the person can mend": PERSON,
    "Refusals that only an admin can mend": ADMIN,
    "Nobody can mend it but time": NOBODY,
    "An answer that was lost": LOST,
}
