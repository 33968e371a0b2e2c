"""Makes Harriet known to an authorization server: by its client metadata document, or by registering (RFC 7591).

The database is not asked here. A registration is requested once: one that may have arrived is not repeated by itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from harriet.lib.egress import EgressFailed, EgressRefused, EgressTimeout, Reach, session
from harriet.lib.secret import Secret
from harriet.lib.text import excerpt
from vault.errors import VaultError
from vault.models import OAuthClient
from vault.oauth.addresses import callback_address, description, document_address

LARGEST = 64 * 1024
"""Bytes of the answer."""
SECONDS = 15.0
LONGEST_SECRET = 4096
"""Characters."""
_Method = OAuthClient.AuthMethod
_PREFERRED = (_Method.BASIC, _Method.POST, _Method.NONE)
"""Of what a registration may use to say who it is at the token endpoint."""


@dataclass(frozen=True, slots=True)
class Registration:
    """What Harriet is to one authorization server."""

    origin: OAuthClient.Origin
    client_id: str
    auth_method: OAuthClient.AuthMethod
    secret: Secret | None = None
    secret_expires_at: datetime | None = None


class CannotRegister(VaultError):
    """Harriet can't make itself known there; somebody has to enter what the provider gave them."""


def register(metadata: Mapping[str, Any], reach: Reach, *, scopes: str = "", redirect_uri: str = "") -> Registration:
    """As the MCP specification prefers: the metadata document, then dynamic registration. `redirect_uri` is that of a
    program, which has no document. Raises CannotRegister."""
    if takes_document(metadata) and not redirect_uri:
        return Registration(OAuthClient.Origin.DOCUMENT, document_address(metadata["issuer"]), _Method.NONE)
    if not metadata.get("registration_endpoint"):
        raise CannotRegister(
            f"This provider doesn’t let Harriet register itself. {by_hand(metadata['issuer'])}", field="client_id"
        )
    return _registered(metadata, reach, request_of(metadata, scopes, redirect_uri))


def by_hand(issuer: str) -> str:
    """What an admin does where Harriet can't do it."""
    return (
        f"Register Harriet there by hand, as a web application with the redirect URL {callback_address(issuer)}, then "
        "enter the client ID and secret that you are given."
    )


def takes_document(metadata: Mapping[str, Any]) -> bool:
    """It fetches the document, so that must be at an https address that it can reach."""
    methods = metadata.get("token_endpoint_auth_methods_supported", [_Method.NONE.value])
    is_offered = metadata.get("client_id_metadata_document_supported") is True and _Method.NONE.value in methods
    return is_offered and settings.BASE_URL.startswith("https://")


def request_of(metadata: Mapping[str, Any], scopes: str, redirect_uri: str) -> dict[str, Any]:
    """What is asked of the registration endpoint."""
    grants = metadata.get("grant_types_supported", ["authorization_code", "refresh_token"])
    return {
        **description(redirect_uri or callback_address(metadata["issuer"]), is_native=bool(redirect_uri)),
        "grant_types": ["authorization_code", *(["refresh_token"] if "refresh_token" in grants else [])],
        "token_endpoint_auth_method": method_for(metadata).value,
        **({"scope": scopes} if scopes else {}),
    }


def method_for(metadata: Mapping[str, Any]) -> OAuthClient.AuthMethod:
    """What both sides can; as RFC 8414 has it, a server that says nothing takes HTTP Basic."""
    offered = metadata.get("token_endpoint_auth_methods_supported", [_Method.BASIC.value])
    found = next((one for one in _PREFERRED if one.value in offered), None)
    if found is None:
        raise CannotRegister(
            "This provider wants a way of proving who a client is that Harriet can’t register for: "
            f"{excerpt(', '.join(offered), 200)}. Register Harriet there by hand, then enter the client ID.",
            field="client_id",
        )
    return found


def _registered(metadata: Mapping[str, Any], reach: Reach, asked: dict[str, Any]) -> Registration:
    try:
        with session(reach, deadline=SECONDS, max_bytes=LARGEST) as opened:
            answer = opened.post(
                metadata["registration_endpoint"],
                data=json.dumps(asked),
                headers={"Accept": "application/json", "Content-Type": "application/json"},
            )
    except (EgressRefused, EgressTimeout, EgressFailed) as problem:
        raise CannotRegister(f"Harriet could not register itself. {problem.message}") from None
    said = _read(answer.content)
    if answer.status_code not in {200, 201}:
        raise CannotRegister(f"{_refusal(said, answer.status_code)} {by_hand(metadata['issuer'])}", field="client_id")
    return _registration(metadata["issuer"], said, asked)


def _registration(issuer: str, said: dict[str, Any], asked: dict[str, Any]) -> Registration:
    client_id, secret = said.get("client_id"), said.get("client_secret")
    if not isinstance(client_id, str) or not client_id.isprintable() or not 0 < len(client_id) <= 500:
        raise CannotRegister("The provider answered the registration without a client ID that Harriet could use.")
    secret = secret if isinstance(secret, str) else ""
    if len(secret) > LONGEST_SECRET or not (secret.isascii() and secret.isprintable()):
        raise CannotRegister("The provider answered the registration with a client secret that can’t be sent.")
    _check_redirects(issuer, said, asked)
    return Registration(
        OAuthClient.Origin.REGISTERED,
        client_id,
        _method_given(said, asked, has_secret=bool(secret)),
        Secret(secret) if secret else None,
        _moment(said.get("client_secret_expires_at")),
    )


def _check_redirects(issuer: str, said: dict[str, Any], asked: dict[str, Any]) -> None:
    """Codes for people of this organization go to Harriet alone. A server that doesn't repeat them took them."""
    given = said.get("redirect_uris", asked["redirect_uris"])
    if not isinstance(given, list) or sorted(map(str, given)) != sorted(asked["redirect_uris"]):
        raise CannotRegister(
            "The provider registered other redirect URLs than Harriet asked for, so people might not come back here. "
            f"Nothing was saved. {by_hand(issuer)}",
            field="client_id",
        )


def _method_given(said: dict[str, Any], asked: dict[str, Any], *, has_secret: bool) -> OAuthClient.AuthMethod:
    """As the server says, which may have chosen otherwise (RFC 7591 §3.2.1)."""
    if not has_secret:
        return _Method.NONE
    named = said.get("token_endpoint_auth_method", asked["token_endpoint_auth_method"])
    return _Method.POST if named == _Method.POST.value else _Method.BASIC


def _moment(value: object) -> datetime | None:
    """0 is for never."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 2**33:
        return None
    return datetime.fromtimestamp(value, UTC)


def _read(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _refusal(said: dict[str, Any], status: int) -> str:
    """With the error's code; its description is the provider's own text, and says nothing that is secret of ours."""
    code, more = said.get("error"), said.get("error_description")
    named = f"{excerpt(code, 60)}" if isinstance(code, str) and code else f"status {status}"
    words = f": {excerpt(more, 200)}" if isinstance(more, str) and more else ""
    return f"The provider refused to register Harriet ({named}){words}."
