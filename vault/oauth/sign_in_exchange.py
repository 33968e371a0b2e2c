"""A person's company sign-in, exchanged for a token of one server: what is asked, and whether the answer is that.

In one step the registration's token endpoint takes the sign-in (RFC 8693). In two the identity provider gives an
assertion for the registration's issuer, which takes it (ID-JAG, RFC 7523).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson

from harriet.lib import base64url
from harriet.lib.secret import Secret
from vault.models import Credential, OAuthClient, OAuthGrant
from vault.oauth.answers import Failure, TokenAnswer
from vault.oauth.error_codes import Kind
from vault.oauth.exchange import Parameters, Ready, give_connection_back, send
from vault.oauth.service_account import GRANT_TYPE as JWT_BEARER
from vault.oauth.subjects import ID_TOKEN, Subject, subject_of
from vault.open import Opener
from vault.types.token_exchange import BY_ASSERTION, TOKEN_EXCHANGE

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:token-exchange"
_TYPES = "urn:ietf:params:oauth:token-type:"
ACCESS_TOKEN, ID_JAG = f"{_TYPES}access_token", f"{_TYPES}id-jag"
_ACCESS_TOKENS = frozenset({ACCESS_TOKEN, f"{_TYPES}jwt"})
ASSERTION_TYPE = "oauth-id-jag+jwt"
FIRST_DEADLINE_SECONDS = 10.0
"""Of two steps under one lease."""
NO_SIGN_IN = "no_sign_in"
OTHER_TOKEN = "other_token"  # noqa: S105
"""Our own codes."""
_NOT_TAKEN = "invalid_request"
"""What RFC 8693 §2.2.2 has a server say of a sign-in that it doesn't take, too."""


def renewal_by_exchange(grant: OAuthGrant, _opener: Opener) -> Parameters | Failure:
    """What the registration's token endpoint is asked with; for it an assertion may be fetched first."""
    credential = _credential(grant)
    subject = subject_of(grant.organization_id, grant.user_id) if grant.user_id and credential else None
    if credential is None or subject is None:
        return Failure(Kind.TRANSIENT, NO_SIGN_IN, "There was no sign-in of this person to exchange. Nothing was sent.")
    if credential.placement.get("steps") == BY_ASSERTION:
        return _with_assertion(grant, subject)
    audience = str(credential.placement.get("audience", ""))
    return _asked(grant, subject, ACCESS_TOKEN, audience)


def judged(grant: OAuthGrant, answer: TokenAnswer | Failure) -> TokenAnswer | Failure:
    """Of the registration's token endpoint. What could renew the token by itself is left out: only the person's sign-in
    does that."""
    credential = _credential(grant)
    is_one_step = credential is not None and credential.placement.get("steps") != BY_ASSERTION
    if isinstance(answer, Failure):
        return _judged_refusal(answer) if is_one_step else answer
    if answer.issued_token_type and answer.issued_token_type not in _ACCESS_TOKENS:
        return _other("a token of another kind than the one that was asked for")
    if answer.token_type.upper() == "N_A":
        return _other("a token that is no access token (N_A)")
    is_unsaid = is_one_step and not answer.issued_token_type
    oddity = ("The provider didn't say that it gave an access token; it is sent as one.",) if is_unsaid else ()
    return replace(answer, refresh=None, oddities=(*answer.oddities, *oddity))


def exchange_problem(metadata: Mapping[str, Any], placement: Mapping[str, str]) -> str:
    """Why nothing is exchanged there; empty when it may be. What an admin typed in says nothing of it."""
    wanted = JWT_BEARER if placement.get("steps") == BY_ASSERTION else GRANT_TYPE
    offered = metadata.get("grant_types_supported")
    if offered is None or wanted in offered:
        return ""
    return (
        f"It doesn’t say that it takes what would be exchanged ({wanted} in grant_types_supported). If its metadata "
        "leaves that out by mistake, enter its token URL as well."
    )


def _judged_refusal(failure: Failure) -> Failure:
    """By whoever was sent the sign-in itself: the RFC's word for a sign-in that isn't taken is about one person's."""
    if failure.code != _NOT_TAKEN:
        return failure
    return replace(failure, kind=Kind.USER, words="The provider did not take the company sign-in (invalid_request).")


def _credential(grant: OAuthGrant) -> Credential | None:
    mine = Credential.objects.filter(organization=grant.organization_id, oauth_client=grant.client_id)
    rows = mine.filter(type=TOKEN_EXCHANGE.code, placement__resource=grant.resource or "none")
    return rows.order_by("-created_at").first()


def _asked(grant: OAuthGrant, subject: Subject, wanted: str, audience: str) -> dict[str, str | Secret]:
    """RFC 8693 §2.1."""
    named = {"resource": grant.resource, "audience": audience, "scope": grant.asked_scopes}
    asked: dict[str, str | Secret] = {
        "grant_type": GRANT_TYPE,
        "requested_token_type": wanted,
        "subject_token": subject.token,
        "subject_token_type": ID_TOKEN,
    }
    return asked | {name: value for name, value in named.items() if value}


def _with_assertion(grant: OAuthGrant, subject: Subject) -> Parameters | Failure:
    answer = _first(subject.ready(), _asked(grant, subject, ID_JAG, grant.client.issuer))
    problem = answer if isinstance(answer, Failure) else _assertion_problem(answer, grant.client)
    if problem is not None:
        return replace(problem, words=f"{subject.provider} (identity provider): {problem.words}")
    assert isinstance(answer, TokenAnswer)
    return {"grant_type": JWT_BEARER, "assertion": answer.access}


def _first(ready: Ready | Failure, asked: Parameters) -> TokenAnswer | Failure:
    if isinstance(ready, Failure):
        return ready
    give_connection_back()
    answer = send(ready, asked, deadline=FIRST_DEADLINE_SECONDS)
    return _judged_refusal(answer) if isinstance(answer, Failure) else answer


def _assertion_problem(answer: TokenAnswer, client: OAuthClient) -> Failure | None:
    """An assertion is sent to nobody but the issuer for which it was made; its signature is that one's to judge."""
    if answer.issued_token_type != ID_JAG:
        return _other("no identity assertion (ID-JAG)")
    header, claims = _read(answer.access)
    if header.get("typ") != ASSERTION_TYPE:
        return _other(f"an assertion whose type (typ) isn't {ASSERTION_TYPE}")
    if claims.get("aud") not in (client.issuer, [client.issuer]):
        return _other(f"an assertion that isn't for {client.issuer} alone (aud)")
    if claims.get("client_id") != client.client_id:
        return _other("an assertion for another client than Harriet is there (client_id)")
    return None


def _read(assertion: Secret) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Header and claims; empty for what is no JWT."""
    try:
        header, claims, _ = assertion.reveal().split(".")
        found = orjson.loads(base64url.decode(header)), orjson.loads(base64url.decode(claims))
    except ValueError:
        return {}, {}
    return found if all(isinstance(one, dict) for one in found) else ({}, {})


def _other(what: str) -> Failure:
    return Failure(Kind.OPERATOR, OTHER_TOKEN, f"The provider gave {what}. It was not used.")
