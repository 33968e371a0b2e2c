"""What a client says of itself (RFC 7591 §2), read strictly: when it registers, and in its document."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from harriet.lib.text import count_hidden
from harriet.signin.protocol import redirects
from harriet.signin.protocol.problems import OAuthProblem

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
GRANTS = ("authorization_code", "refresh_token", DEVICE_GRANT)
"""What clients that register themselves may use."""
AUTH_METHODS = ("none", "client_secret_basic", "client_secret_post")

LONGEST_TEXT = 200
_LONGEST_URL = 500
_MOST_ENTRIES = 20
_TEXTS = ("client_name", "software_id", "software_version", "scope")
_URLS = ("client_uri", "logo_uri", "tos_uri", "policy_uri")
_WEB = re.compile(r"https?://[!-~]+")


@dataclass(frozen=True, slots=True)
class ClientMetadata:
    name: str
    redirect_uris: tuple[str, ...]
    grant_types: tuple[str, ...]
    auth_method: str
    application_type: str
    software: str
    client_uri: str
    said: Mapping[str, Any] = field(default_factory=dict)
    """What the client is told back: its own words, and what was decided of them."""

    @property
    def may_use_device_flow(self) -> bool:
        return DEVICE_GRANT in self.grant_types


def read_metadata(said: Any) -> ClientMetadata:
    """Raises OAuthProblem: invalid_redirect_uri or invalid_client_metadata."""
    if not isinstance(said, dict):
        raise _wrong("Client metadata is a JSON object.")
    texts = {name: _text(said, name) for name in _TEXTS}
    urls = {name: _url(said, name) for name in _URLS}
    grants = _grants(said)
    metadata = ClientMetadata(
        name=texts["client_name"],
        redirect_uris=_redirects(said, needs_one="authorization_code" in grants),
        grant_types=grants,
        auth_method=_auth_method(said),
        application_type=_application_type(said),
        software=f"{texts['software_id']} {texts['software_version']}".strip()[:LONGEST_TEXT],
        client_uri=urls["client_uri"],
    )
    _check_response_types(said)
    known = {name: value for name, value in {**texts, **urls}.items() if value}
    return _with_answer(metadata, known | _contacts(said))


def _with_answer(metadata: ClientMetadata, known: dict[str, Any]) -> ClientMetadata:
    said = {
        **known,
        "redirect_uris": list(metadata.redirect_uris),
        "grant_types": list(metadata.grant_types),
        "response_types": ["code"] if "authorization_code" in metadata.grant_types else [],
        "token_endpoint_auth_method": metadata.auth_method,
        "application_type": metadata.application_type,
    }
    return replace(metadata, said=said)


def _redirects(said: dict[str, Any], *, needs_one: bool) -> tuple[str, ...]:
    uris = said.get("redirect_uris", [])
    if not isinstance(uris, list) or not all(isinstance(uri, str) for uri in uris):
        raise OAuthProblem("invalid_redirect_uri", "redirect_uris is a list of addresses.")
    if needs_one and not uris:
        raise OAuthProblem("invalid_redirect_uri", "redirect_uris names at least one address.")
    if len(uris) > redirects.MOST:
        raise OAuthProblem("invalid_redirect_uri", f"redirect_uris names at most {redirects.MOST} addresses.")
    for uri in uris:
        if reason := redirects.why_not(uri):
            raise OAuthProblem("invalid_redirect_uri", reason)
    return tuple(dict.fromkeys(uris))


def _grants(said: dict[str, Any]) -> tuple[str, ...]:
    """Those that Harriet offers of what was asked for: others are left out, and the answer says so."""
    asked = _strings(said, "grant_types", default=["authorization_code"])
    known = tuple(grant for grant in GRANTS if grant in asked)
    if not set(known) - {"refresh_token"}:
        raise _wrong("grant_types needs authorization_code or the device code grant; Harriet offers no other.")
    return known if "refresh_token" in known else (*known, "refresh_token")


def _check_response_types(said: dict[str, Any]) -> None:
    if "code" not in _strings(said, "response_types", default=["code"]):
        raise _wrong("The only response type here is code.")


def _auth_method(said: dict[str, Any]) -> str:
    method = said.get("token_endpoint_auth_method") or "client_secret_basic"
    if method not in AUTH_METHODS:
        raise _wrong(f"token_endpoint_auth_method is one of {', '.join(AUTH_METHODS)}.")
    return str(method)


def _application_type(said: dict[str, Any]) -> str:
    kind = said.get("application_type") or "web"
    if kind not in ("web", "native"):
        raise _wrong("application_type is web or native.")
    return str(kind)


def _contacts(said: dict[str, Any]) -> dict[str, Any]:
    contacts = _strings(said, "contacts", default=[])
    return {"contacts": contacts} if contacts else {}


def _strings(said: dict[str, Any], name: str, *, default: list[str]) -> list[str]:
    value = said.get(name)
    if value is None:
        return default
    if not isinstance(value, list) or not all(isinstance(one, str) and len(one) <= _LONGEST_URL for one in value):
        raise _wrong(f"{name} is a list of texts.")
    if len(value) > _MOST_ENTRIES:
        raise _wrong(f"{name} has at most {_MOST_ENTRIES} entries.")
    return value


def _text(said: dict[str, Any], name: str) -> str:
    value = said.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        raise _wrong(f"{name} is text of up to {LONGEST_TEXT} characters.")
    if count_hidden(value) or not value.isprintable():
        raise _wrong(f"{name} has characters in it that nobody can see.")
    return value.strip()


def _url(said: dict[str, Any], name: str) -> str:
    value = said.get(name)
    if value is None or value == "":
        return ""
    if not isinstance(value, str) or len(value) > _LONGEST_URL or not _WEB.fullmatch(value):
        raise _wrong(f"{name} is a web address of up to {_LONGEST_URL} characters.")
    return value


def _wrong(message: str) -> OAuthProblem:
    return OAuthProblem("invalid_client_metadata", message)
