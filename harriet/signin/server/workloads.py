"""A workload brings its platform's word about itself and gets a token of its agent (RFC 7523 §2.1, workload identity
federation): no client, no person, no refresh token."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.http import QueryDict

from connectors.access.scopes import SCOPES
from harriet.lib.database_clock import database_now
from harriet.people.models import Organization
from harriet.signin.actions.take_workload import LASTS, Vouched, take_workload
from harriet.signin.models import TrustedIssuer
from harriet.signin.protocol import id_jag
from harriet.signin.protocol.addresses import profile_slug_in, token_endpoint_of
from harriet.signin.protocol.id_jag import only_one, refused, text_of
from harriet.signin.protocol.problems import OAuthProblem
from harriet.signin.server.endpoints import TokenAnswer
from harriet.signin.server.issuer_keys import keys_for
from harriet.signin.server.trust import WORKLOADS, trusted_issuer
from harriet.signin.steps import note_step

_GRANT = "token of a workload"
_OF_CLIENTS = frozenset({"client_id", "client_secret", "client_assertion", "client_assertion_type"})


def answer_workload(organization: Organization, form: QueryDict, headers: Mapping[str, str]) -> TokenAnswer:
    """Raises OAuthProblem."""
    now = database_now()
    unproved = id_jag.decoded(form.get("assertion", ""))
    issuer = trusted_issuer(organization, unproved, WORKLOADS)
    _check_no_client(form, headers)
    if not id_jag.is_signed(unproved, keys_for(issuer, unproved)):
        raise refused("The assertion's signature is by no key of the issuer.")
    try:
        admitted = take_workload(_judged(issuer, unproved.claims, form, now), now=now)
    except OAuthProblem as problem:
        code, reason = problem.code, problem.message
        note_step(organization.pk, "token", client=issuer.name, problem=code, grant=_GRANT, reason=reason)
        raise
    body: dict[str, Any] = {"access_token": admitted.token.reveal(), "token_type": "Bearer"}
    return TokenAnswer(200, body | {"expires_in": int(LASTS.total_seconds()), "scope": _scopes(issuer, form)})


def _check_no_client(form: QueryDict, headers: Mapping[str, str]) -> None:
    """What would say who asks is neither needed nor looked at, and nobody is to believe that it was."""
    if _OF_CLIENTS & form.keys() or headers.get("HTTP_AUTHORIZATION"):
        raise OAuthProblem("invalid_request", "A workload names no client: leave the client's id and secret out.")


def _judged(issuer: TrustedIssuer, claims: Mapping[str, Any], form: QueryDict, now: datetime) -> Vouched:
    organization = issuer.organization
    if only_one(claims, "aud") != token_endpoint_of(organization.slug):
        raise refused("The assertion is for another token endpoint (aud).")
    times = id_jag.times_of(claims, now, timedelta(seconds=issuer.longest))
    scopes = _scopes(issuer, form)
    if not scopes:
        raise OAuthProblem("invalid_scope", f"The issuer gives none of this. The scopes here are {', '.join(SCOPES)}.")
    named = str(form.get("resource") or "")
    slug = profile_slug_in(named, organization.slug) if named else ""
    if slug is None:
        raise OAuthProblem("invalid_target", "The resource is not the URL of one of the organization's profiles.")
    jti = text_of(claims, "jti") if "jti" in claims else ""
    return Vouched(issuer, text_of(claims, "sub"), scopes, slug, jti, times.expires)


def _scopes(issuer: TrustedIssuer, form: QueryDict) -> str:
    asked, may = form.get("scope", "").split(), issuer.scopes.split()
    return " ".join(scope for scope in SCOPES if scope in may and (not asked or scope in asked))
