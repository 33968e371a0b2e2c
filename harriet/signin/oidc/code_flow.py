"""The code flow (OpenID Connect Core §3.1) with PKCE S256: where the browser goes, the exchange of what it brings."""

from __future__ import annotations

import hashlib
import secrets
from base64 import b64encode
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import quote_plus, urlencode

import requests

from harriet.lib import base64url
from harriet.lib.egress import EgressFailed, EgressRefused, EgressTimeout, Reach, session
from harriet.lib.secret import Secret
from harriet.signin.errors import refused

SECONDS = 15.0
NOTHING_MORE: Mapping[str, str] = {}
_LARGEST = 512 * 1024


class Bound(NamedTuple):
    """What ties an answer to its question."""

    state: str
    nonce: str
    verifier: str


def new_bound() -> Bound:
    return Bound(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48))


def authorization_url(
    endpoints: Mapping[str, Any],
    *,
    client_id: str,
    scopes: str,
    redirect_uri: str,
    bound: Bound,
    extras: Mapping[str, str] = NOTHING_MORE,
) -> str:
    challenge = base64url.encode(hashlib.sha256(bound.verifier.encode()).digest())
    address = str(endpoints["authorization_endpoint"])
    query = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "scope": scopes if "openid" in scopes.split() else f"openid {scopes}".strip(),
        "state": bound.state,
        "nonce": bound.nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        **extras,
    }
    return address + ("&" if "?" in address else "?") + urlencode(query)


def check_answer(answer: Mapping[str, str], endpoints: Mapping[str, Any], issuer: str) -> str:
    """The code. `iss` is looked at first, even of an error (RFC 9207). Raises SignInRefused."""
    said = answer.get("iss")
    if said is not None and said != issuer:
        raise refused("the answer comes from another identity provider than the one that was asked.")
    if said is None and endpoints.get("says_iss"):
        raise refused("the answer does not say from which identity provider it comes.")
    if answer.get("error"):
        raise refused(_ERRORS.get(answer["error"], "the identity provider refused the sign-in."))
    code = answer.get("code", "")
    if not code or len(code) > 4000:
        raise refused("the identity provider’s answer has no code in it.")
    return code


_ERRORS = {
    "access_denied": "the identity provider does not let you use Harriet, or you declined.",
    "login_required": "you are not signed in at the identity provider.",
    "consent_required": "an admin has to agree to Harriet at the identity provider first.",
    "interaction_required": "the identity provider needs something of you first.",
    "invalid_request": "the identity provider does not accept Harriet’s request.",
    "unauthorized_client": "the identity provider does not know Harriet’s client.",
    "invalid_scope": "the identity provider does not know a scope that Harriet asks for.",
    "temporarily_unavailable": "the identity provider can’t answer at the moment. Try again later.",
    "server_error": "the identity provider had an error. Try again later.",
}


def exchange_code(
    code: str,
    *,
    endpoints: Mapping[str, Any],
    client_id: str,
    secret: Secret | None,
    redirect_uri: str,
    verifier: str,
    reach: Reach,
) -> Mapping[str, Any]:
    """The token answer. Asked once: a code that may have been used is not sent again. Raises SignInRefused."""
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri, "code_verifier": verifier}
    headers = {"Accept": "application/json"}
    methods = endpoints.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    if secret is None:
        form["client_id"] = client_id
    elif "client_secret_basic" in methods:
        pair = f"{quote_plus(client_id)}:{quote_plus(secret.reveal())}"
        headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
    else:
        form |= {"client_id": client_id, "client_secret": secret.reveal()}
    said = _asked("POST", str(endpoints["token_endpoint"]), reach, headers, form)
    if not isinstance(said.get("id_token"), str):
        raise refused("the identity provider gave no ID token. Is the scope “openid” allowed for Harriet there?")
    return said


def userinfo(endpoints: Mapping[str, Any], access_token: str, subject: str, reach: Reach) -> Mapping[str, Any]:
    """What the ID token has no room for. Raises SignInRefused when it is about somebody else."""
    address = endpoints.get("userinfo_endpoint")
    if not address or not access_token:
        return {}
    headers = {"Accept": "application/json", "Authorization": f"Bearer {access_token}"}
    said = _asked("GET", str(address), reach, headers, None)
    if said.get("sub") != subject:
        raise refused("the identity provider’s two answers are about different people.")
    return said


def _asked(
    method: str, address: str, reach: Reach, headers: Mapping[str, str], form: Mapping[str, str] | None
) -> Mapping[str, Any]:
    try:
        answer = session(reach, deadline=SECONDS, max_bytes=_LARGEST).request(
            method, address, headers=dict(headers), data=form
        )
        said = answer.json()
    except (EgressRefused, EgressFailed, EgressTimeout):
        raise refused("the identity provider did not answer Harriet. Try again later.") from None
    except requests.JSONDecodeError:
        said = None
    if not isinstance(said, dict):
        raise refused("the identity provider’s answer to Harriet can’t be read.")
    if answer.status_code != 200:
        raise refused(_REFUSED.get(str(said.get("error")), "the identity provider refused what Harriet sent."))
    return said


_REFUSED = {
    "invalid_client": "the identity provider does not accept Harriet’s client id and secret.",
    "invalid_grant": "the sign-in took too long, or its code was used already. Sign in again.",
    "unauthorized_client": "the identity provider does not allow Harriet’s client to sign people in.",
}
