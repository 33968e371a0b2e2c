"""A person's company sign-in, exchanged for a token of one server: what is asked, and whether the answer is that.

In one step the registration's token endpoint takes the sign-in (RFC 8693). In two the identity provider gives an
assertion for the registration's issuer, which takes it (ID-JAG, RFC 7523).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from harriet.lib.secret import Secret
from harriet.lib.text import excerpt
from vault.errors import TokenProblem
from vault.models import Credential, OAuthClient, OAuthGrant
from vault.oauth.answers import BEARER, Failure, TokenAnswer
from vault.oauth.error_codes import Kind
from vault.oauth.exchange import Parameters, Ready, give_connection_back, send, token_request
from vault.oauth.service_account import GRANT_TYPE as JWT_BEARER
from vault.oauth.signed_words import claims_in, header_in
from vault.oauth.subjects import ID_TOKEN, Subject, subject_of
from vault.open import Opener
from vault.types.base import Placement
from vault.types.oauth import resource_in
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
_NOT_TAKEN = frozenset({"invalid_request", "invalid_token"})
"""What RFC 8693 §2.2.2 has a server say of a sign-in that it doesn't take, too; and what Keycloak says."""


def renewal_by_exchange(grant: OAuthGrant, _opener: Opener) -> Parameters | Failure:
    """What the registration's token endpoint is asked with; for it an assertion may be fetched first."""
    credential = _credential(grant)
    subject = subject_of(grant.organization_id, grant.user_id) if grant.user_id and credential else None
    if credential is None or subject is None:
        return Failure(Kind.TRANSIENT, NO_SIGN_IN, "There was no sign-in of this person to exchange. Nothing was sent.")
    return _request(grant, credential.placement, subject)


def tried_exchange(client: OAuthClient, placement: Placement, user_id: UUID) -> TokenAnswer | Failure | None:
    """Of this person's own sign-in, with what was entered and is not saved yet; nothing is kept. None where there is
    none of theirs that is good."""
    subject = subject_of(client.organization_id, user_id)
    if subject is None:
        return None
    grant = OAuthGrant(organization_id=client.organization_id, client=client, user_id=user_id)
    grant.resource, grant.asked_scopes = resource_in(placement), placement.get("scopes", "")
    asked = _request(grant, placement, subject)
    return asked if isinstance(asked, Failure) else _judged(placement, token_request(client, asked))


def judged(grant: OAuthGrant, answer: TokenAnswer | Failure) -> TokenAnswer | Failure:
    credential = _credential(grant)
    return _judged(credential.placement if credential is not None else {"steps": BY_ASSERTION}, answer)


def _request(grant: OAuthGrant, placement: Placement, subject: Subject) -> Parameters | Failure:
    try:
        word = subject.fresh(FIRST_DEADLINE_SECONDS)
    except TokenProblem as problem:
        return Failure(Kind.TRANSIENT, NO_SIGN_IN, problem.message)
    if placement.get("steps") == BY_ASSERTION:
        return _with_assertion(grant, subject, word)
    return _asked(grant, word, ACCESS_TOKEN, placement.get("audience", ""))


def _judged(placement: Placement, answer: TokenAnswer | Failure) -> TokenAnswer | Failure:
    """Of the registration's token endpoint. What could renew the token by itself is left out: only the person's sign-in
    does that."""
    is_one_step = placement.get("steps") != BY_ASSERTION
    if isinstance(answer, Failure):
        return _judged_refusal(answer) if is_one_step else answer
    if answer.issued_token_type and answer.issued_token_type not in _ACCESS_TOKENS:
        return _other("a token of another kind than the one that was asked for")
    if answer.token_type != BEARER:
        return _other(f"a token that can't be sent as a bearer token ({excerpt(answer.token_type, 20)})")
    odd = [*answer.oddities, *_other_scopes(placement.get("scopes", "").split(), answer)]
    if is_one_step and not answer.issued_token_type:
        odd.append("The provider didn't say that it gave an access token; it is sent as one.")
    return replace(answer, refresh=None, oddities=tuple(odd))


def _other_scopes(asked: list[str], answer: TokenAnswer) -> Iterator[str]:
    """Nobody sees a page of consent on which to notice it."""
    if not asked or answer.scopes is None:
        return
    given = answer.scopes.split()
    if lacking := [one for one in asked if one not in given]:
        yield f"It was given without {excerpt(' '.join(lacking), 60)}."
    if more := [one for one in given if one not in asked]:
        yield f"It was given with more than was asked for: {excerpt(' '.join(more), 60)}."


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
    if failure.code not in _NOT_TAKEN:
        return failure
    return replace(failure, kind=Kind.USER, words=f"The provider did not take the company sign-in ({failure.code}).")


def _credential(grant: OAuthGrant) -> Credential | None:
    mine = Credential.objects.filter(organization=grant.organization_id, oauth_client=grant.client_id)
    rows = mine.filter(type=TOKEN_EXCHANGE.code, placement__resource=grant.resource or "none")
    return rows.order_by("-created_at").first()


def _asked(grant: OAuthGrant, word: Secret, wanted: str, audience: str) -> dict[str, str | Secret]:
    """RFC 8693 §2.1."""
    named = {"resource": grant.resource, "audience": audience, "scope": grant.asked_scopes}
    asked: dict[str, str | Secret] = {
        "grant_type": GRANT_TYPE,
        "requested_token_type": wanted,
        "subject_token": word,
        "subject_token_type": ID_TOKEN,
    }
    return asked | {name: value for name, value in named.items() if value}


def _with_assertion(grant: OAuthGrant, subject: Subject, word: Secret) -> Parameters | Failure:
    answer = _first(subject.ready(), _asked(grant, word, ID_JAG, grant.client.issuer))
    problem = answer if isinstance(answer, Failure) else _assertion_problem(answer, grant, word)
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


def _assertion_problem(answer: TokenAnswer, grant: OAuthGrant, word: Secret) -> Failure | None:
    """An assertion is sent to nobody but the issuer for which it was made, and only when it is about whose sign-in was
    exchanged; its signature is that one's to judge."""
    client = grant.client
    if answer.issued_token_type != ID_JAG:
        return _other("no identity assertion (ID-JAG)")
    header, claims = header_in(answer.access), claims_in(answer.access)
    if header.get("typ") != ASSERTION_TYPE:
        return _other(f"an assertion whose type (typ) isn't {ASSERTION_TYPE}")
    if claims.get("aud") not in (client.issuer, [client.issuer]):
        return _other(f"an assertion that isn't for {client.issuer} alone (aud)")
    if claims.get("client_id") != client.client_id:
        return _other("an assertion for another client than Harriet is there (client_id)")
    named = claims.get("resource", grant.resource)
    if grant.resource and grant.resource not in (named if isinstance(named, list) else [named]):
        return _other("an assertion for another server than the one that was asked for (resource)")
    return _stranger(claims, word)


def _stranger(claims: Mapping[str, Any], word: Secret) -> Failure | None:
    """Whoever takes the assertion lets in whom it names."""
    said = claims_in(word)
    for name, what in (
        ("iss", "of another issuer than the sign-in"),
        ("sub", "about another person than the sign-in"),
    ):
        if not claims.get(name) or claims.get(name) != said.get(name):
            return _other(f"an assertion {what} ({name})")
    end = claims.get("exp")
    if isinstance(end, bool) or not isinstance(end, int | float) or end <= time.time():
        return _other("an assertion that is over (exp)")
    return None


def _other(what: str) -> Failure:
    return Failure(Kind.OPERATOR, OTHER_TOKEN, f"The provider gave {what}. It was not used.")
