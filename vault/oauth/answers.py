"""What a token endpoint answered, read as the value it is: tokens, or a failure and who has to do something about it.

The status alone never decides: services answer 200 with an error, and walls in front of them answer 400 or 401 in HTML.
No model and no network here; nothing of what came is ever quoted but an error's code.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qsl

import orjson

from harriet.lib.secret import Secret
from vault.oauth.error_codes import BUSY, KINDS, Kind, kind_of

LONGEST_TOKEN = 16 * 1024
"""Characters."""
LONGEST_SCOPES = 2000
LONGEST_LIFE = 366 * 86400
"""Seconds; what is said to live longer is asked for again after that."""
LONGEST_PAUSE = 3600.0
"""Seconds that a Retry-After is heeded."""
BEARER = "Bearer"
UNUSABLE = "unusable_answer"
"""Our own code, for a success without a token that could be used."""
_UNREADABLE = "unknown_error"
"""Ours, for an error that is no code."""
_REFRESH_TOKEN = "invalid_refresh_token"  # noqa: S105  # a code
"""Ours, where a provider says so in words alone."""
_WORDS_OF_TOKEN = "The provider said that the refresh token is no longer good."  # noqa: S105
_WIDE = frozenset({408, 425, 429, 502, 503, 504})
"""Statuses that would have met any request."""
_BEARER_SPELLINGS = frozenset({"", "bearer", "token", "user", "bot", "oauth", "access_token", "bearertoken"})
"""Not `N_A`, by which an exchange says that what it gave is no access token (RFC 8693 §2.2.1)."""
_CODE = re.compile(r"[A-Za-z0-9_.:/-]{1,40}")
_CHALLENGE = re.compile(r'\berror="([A-Za-z0-9_.-]{1,40})"')
_VISIBLE = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    """Tokens. What they are good for was not looked at."""

    access: Secret
    refresh: Secret | None
    """None: the one that there was goes on being good."""
    token_type: str
    expires_in: int | None
    """Seconds from the moment at which the request began; None when it didn't say."""
    scopes: str | None
    """Separated by spaces; None: as they were asked for."""
    id_token: Secret | None
    refresh_expires_in: int | None = None
    issued_token_type: str = ""
    """Of a token exchange (RFC 8693)."""
    oddities: tuple[str, ...] = ()
    """What of it was not as the RFC has it, in sentences; the answer was taken for what it meant."""


@dataclass(frozen=True, slots=True)
class Failure:
    """No tokens, and whose business that is."""

    kind: Kind
    code: str
    """The endpoint's, or one of ours."""
    words: str
    """A sentence for a person: what was observed, without anything that was sent."""
    is_outcome_open: bool = False
    """Nobody knows whether the endpoint worked on the request: what it was given may be spent."""
    is_endpoint_wide: bool = False
    """It would have met any request, whoever's: the endpoint is left alone for a while."""
    retry_after: float | None = None
    """Seconds that the endpoint asked for."""


def classify(status: int, headers: Mapping[str, str], body: bytes) -> TokenAnswer | Failure:
    """`headers` by any case, as requests gives them."""
    fields = _fields_of(body)
    code = _error_code(fields, headers) or _other_code(fields, status)
    if code:
        return _said(code, status, headers, _words_in(fields))
    if not 200 <= status < 300:
        if kind_of("", status, _words_in(fields)) is Kind.USER:
            return _said(_REFRESH_TOKEN, status, headers, "")
        return _unsaid(status, headers, body)
    if fields is None:
        what = "a web page" if _is_html(body) else "something that isn't an answer of a token endpoint"
        return _unusable(f"The provider answered with {what}.", is_endpoint_wide=_is_html(body))
    return _answer_of(fields)


def _said(code: str, status: int, headers: Mapping[str, str], words: str) -> Failure:
    kind = kind_of(code, status, words)
    is_of_token = kind is Kind.USER and KINDS.get(code) is not Kind.USER
    return Failure(
        kind,
        code,
        _WORDS_OF_TOKEN if is_of_token or code == _REFRESH_TOKEN else _words_of(code),
        is_outcome_open=kind is Kind.TRANSIENT and status >= 500 and code not in BUSY,
        is_endpoint_wide=kind is Kind.TRANSIENT and (code in BUSY or status in _WIDE),
        retry_after=_retry_after(headers),
    )


def _words_of(code: str) -> str:
    return (
        f"The provider said {code}." if code != _UNREADABLE else "The provider refused it in words that can't be read."
    )


def _unsaid(status: int, headers: Mapping[str, str], body: bytes) -> Failure:
    """A status of HTTP, and no word of OAuth: nothing is known of the grant."""
    page = " with a web page" if _is_html(body) else ""
    is_closed = status < 500 or status == 503  # 503, as 429 and 425, says that nothing was worked on
    return Failure(
        Kind.TRANSIENT,
        f"http_{status}",
        f"The provider answered{page} with status {status}, which says nothing of the connection.",
        is_outcome_open=not is_closed,
        is_endpoint_wide=bool(page) or status in _WIDE,
        retry_after=_retry_after(headers),
    )


def _unusable(words: str, *, is_endpoint_wide: bool = False) -> Failure:
    return Failure(Kind.TRANSIENT, UNUSABLE, words, is_outcome_open=True, is_endpoint_wide=is_endpoint_wide)


def _fields_of(body: bytes) -> dict[str, Any] | None:
    """JSON or a form, whatever the content type says: providers mix them up."""
    try:
        found = orjson.loads(body.removeprefix(b"\xef\xbb\xbf").strip() or b"null")
    except orjson.JSONDecodeError:
        return _form_of(body)
    return found if isinstance(found, dict) else None


def _form_of(body: bytes) -> dict[str, Any] | None:
    try:
        text = body.decode("utf-8").strip()
        pairs = dict(parse_qsl(text, max_num_fields=50)) if text[:1] not in ("<", "{", "[") else {}
    except ValueError:
        return None
    return pairs if "access_token" in pairs or "error" in pairs else None


def _error_code(fields: dict[str, Any] | None, headers: Mapping[str, str]) -> str:
    """Empty when there is none. A nested error, as some APIs have, says its type or status."""
    found: object = fields.get("error") if fields else None
    if isinstance(found, dict):
        found = next((found[one] for one in ("error", "type", "status", "code") if isinstance(found.get(one), str)), "")
        found = found.lower() if isinstance(found, str) else ""
    if not found and fields is None:
        challenge = _CHALLENGE.search(headers.get("WWW-Authenticate") or "")
        found = challenge[1] if challenge else ""
    if not found:
        return ""
    if not isinstance(found, str) or not _CODE.fullmatch(found):
        return _UNREADABLE
    return found.lower() if found.lower() in KINDS else found


def _other_code(fields: dict[str, Any] | None, status: int) -> str:
    """Of those who call it otherwise (HubSpot, Okta), and only what is known: most such words are no codes."""
    if not fields or 200 <= status < 300:
        return ""
    said = (str(fields.get(name, "")).lower() for name in ("status", "errorCode", "error_code", "code"))
    return next((one for one in said if one in KINDS), "")


def _words_in(fields: dict[str, Any] | None) -> str:
    """What a provider wrote for people, to be looked at and never shown."""
    if not fields:
        return ""
    found = [fields.get(name) for name in ("error_description", "message", "reason", "detail")]
    errors = fields.get("errors")
    for one in errors[:5] if isinstance(errors, list) else ():  # Strava
        found.append(f"{one.get('field')} {one.get('code')}" if isinstance(one, dict) else one)
    return "\n".join(one for one in found if isinstance(one, str))[:1000]


def _answer_of(fields: dict[str, Any]) -> TokenAnswer | Failure:
    access = _token(fields.get("access_token"))
    if access is None:
        return _unusable("The provider's answer has no access token that could be sent.")
    oddities: list[str] = []
    return TokenAnswer(
        access=access,
        refresh=_token(fields.get("refresh_token")),
        token_type=_token_type(fields.get("token_type"), oddities),
        expires_in=_seconds(fields.get("expires_in"), oddities),
        scopes=_scopes(fields.get("scope")),
        id_token=_token(fields.get("id_token")),
        refresh_expires_in=_seconds(fields.get("refresh_expires_in", fields.get("refresh_token_expires_in")), []),
        issued_token_type=_word(fields.get("issued_token_type"), 200),
        oddities=tuple(oddities),
    )


def _token(value: object) -> Secret | None:
    is_fit = isinstance(value, str) and len(value) <= LONGEST_TOKEN and _VISIBLE.fullmatch(value) is not None
    return Secret(str(value)) if is_fit else None


def _token_type(value: object, oddities: list[str]) -> str:
    """What is sent as Bearer whatever it is called; another type, such as DPoP, keeps its name."""
    named = _word(value.strip() if isinstance(value, str) else value, 20)
    if named.lower() not in _BEARER_SPELLINGS:
        return named
    if named.lower() != "bearer":
        oddities.append("The provider didn't say that the token is a bearer token; it is sent as one.")
    return BEARER


def _seconds(value: object, oddities: list[str]) -> int | None:
    """A whole number of seconds above zero, also where it came as text."""
    if value is None or isinstance(value, bool):
        return None
    try:
        number = float(value) if isinstance(value, int | float | str) else math.nan
    except (ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number) or number < 1:
        oddities.append("The provider said no lifetime that makes sense, so the usual one is taken.")
        return None
    if number > LONGEST_LIFE:
        oddities.append("The provider said a lifetime of more than a year, so a year is taken.")
    return int(min(number, LONGEST_LIFE))


def _scopes(value: object) -> str | None:
    """RFC 6749 has them separated by spaces; some send commas or a list."""
    parts = [one for one in value if isinstance(one, str)] if isinstance(value, list) else None
    text = " ".join(parts) if parts is not None else value
    if not isinstance(text, str):
        return None
    if " " not in text.strip() and "," in text:
        text = text.replace(",", " ")
    said = (one.rstrip(",") for one in text.split())
    kept = dict.fromkeys(one for one in said if _VISIBLE.fullmatch(one))
    return " ".join(kept)[:LONGEST_SCOPES] or None


def _word(value: object, longest: int) -> str:
    return value[:longest] if isinstance(value, str) and _VISIBLE.fullmatch(value) else ""


def _is_html(body: bytes) -> bool:
    start = body.lstrip()[:200].lower()
    return start.startswith(b"<") and (b"<!doctype" in start or b"<html" in start or b"<head" in start)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds from now (RFC 9110 §10.2.3): a number or a date."""
    said = (headers.get("Retry-After") or "").strip()
    if said.isascii() and said.isdigit():
        return min(float(said[:9]), LONGEST_PAUSE)
    at, now = _date(said), _date(headers.get("Date") or "") or datetime.now(UTC)
    return None if at is None else min(max((at - now).total_seconds(), 0.0), LONGEST_PAUSE)


def _date(value: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(value)
    except (TypeError, ValueError, IndexError):
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
