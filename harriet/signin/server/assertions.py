"""A client brings an issuer's word about a person instead of the person (RFC 7523 §2.1, ID-JAG): who it is, whether the
organization trusts the issuer for it, and what it opens. A workload brings one about itself (`workloads`)."""

from __future__ import annotations

import string
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.http import QueryDict
from django.views.decorators.debug import sensitive_variables
from oauthlib.oauth2.rfc6749 import errors

from connectors.access.scopes import SCOPES
from connectors.models import Profile
from connectors.queries import profiles_for
from harriet.people.errors import PeopleError
from harriet.people.models import AssertedIdentity, Membership, Organization
from harriet.signin.actions.take_assertion import Asserted, Given, take_assertion
from harriet.signin.models import Application, TrustedIssuer
from harriet.signin.protocol import id_jag
from harriet.signin.protocol.addresses import issuer_of, profile_slug_in
from harriet.signin.protocol.id_jag import only_one, refused, text_of
from harriet.signin.protocol.problems import OAuthProblem
from harriet.signin.server.clients import client_problem
from harriet.signin.server.endpoints import Server, TokenAnswer, proved_client
from harriet.signin.server.endpoints import refused as as_answer
from harriet.signin.server.issuer_keys import keys_for
from harriet.signin.server.trust import PEOPLE, trusted_issuer
from harriet.signin.server.workloads import answer_workload
from harriet.signin.steps import note_step

_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_GRANT = "assertion of a trusted issuer"


@sensitive_variables()
def answer_assertion(organization: Organization, form: QueryDict, headers: Mapping[str, str]) -> TokenAnswer:
    """Raises OAuthProblem. No refresh token: the client brings the next assertion."""
    _check_form(form)
    if id_jag.is_of_workload(form.get("assertion", "")):
        return answer_workload(organization, form, headers)
    server = Server(organization, may_fetch=_is_named(organization, form.get("client_id", "")))
    try:
        client = proved_client(server, form, headers)
    except errors.OAuth2Error as error:
        return as_answer({"error": str(error.error), "error_description": str(error.description or "")})
    try:
        given = _given(organization, client, form, server.validator.now)
    except OAuthProblem as problem:
        code, reason = problem.code, problem.message
        note_step(organization.pk, "token", application=client, problem=code, grant=_GRANT, reason=reason)
        raise
    lasts = int((given.issued.expires - server.validator.now).total_seconds())
    body: dict[str, Any] = {"access_token": given.token.reveal(), "token_type": "Bearer", "expires_in": lasts}
    return TokenAnswer(200, {**body, "scope": given.scopes})


def _check_form(form: QueryDict) -> None:
    for name, values in form.lists():
        if len(values) > 1:
            code = "invalid_target" if name == "resource" else "invalid_request"
            raise OAuthProblem(code, "A parameter is there more than once.")
    if not form.get("assertion"):
        raise OAuthProblem("invalid_request", "The assertion is missing.")


def _is_named(organization: Organization, client_id: str) -> bool:
    """Only a client that an admin has named has its document read here."""
    return TrustedIssuer.objects.filter(organization=organization, client_ids__contains=[client_id]).exists()


def _given(organization: Organization, client: Application, form: QueryDict, now: datetime) -> Given:
    _check_client(client)
    unproved = id_jag.read(form.get("assertion", ""))
    issuer = trusted_issuer(organization, unproved, PEOPLE)
    if not id_jag.is_signed(unproved, keys_for(issuer, unproved)):
        raise refused("The assertion's signature is by no key of the issuer.")
    said, profile_slug = _judged(issuer, client, unproved.claims, form, now)
    with transaction.atomic():
        membership = _person(organization, unproved.claims)
        profile = _profile(membership, profile_slug)
        try:
            given = take_assertion(membership, profile, said, now=now)
        except PeopleError as problem:
            raise refused(problem.message) from None
    if given is None:
        raise OAuthProblem("invalid_scope", "The organization has not approved that this issuer opens these tools.")
    _note(membership, client, profile, given)
    return given


def _check_client(client: Application) -> None:
    if problem := client_problem(client):
        raise problem
    is_documented = client.registration_source == Application.RegistrationSource.CIMD
    if client.client_type != Application.CLIENT_CONFIDENTIAL and not is_documented:
        raise OAuthProblem(
            "unauthorized_client",
            "A client that brings assertions has a secret, or is known by the address of its document.",
        )


def _judged(
    issuer: TrustedIssuer, client: Application, claims: Mapping[str, Any], form: QueryDict, now: datetime
) -> tuple[Asserted, str]:
    organization = issuer.organization
    if only_one(claims, "aud") != issuer_of(organization.slug):
        raise refused("The assertion is for another authorization server (aud).")
    if text_of(claims, "client_id") != client.client_id:
        raise refused("The assertion is for another client (client_id).")
    if client.client_id not in issuer.client_ids:
        raise refused("The organization does not take this issuer's assertions from this client.")
    times = id_jag.times_of(claims, now, timedelta(seconds=issuer.longest))
    text_of(claims, "sub")
    slug = profile_slug_in(only_one(claims, "resource"), organization.slug)
    if slug is None:
        raise refused("The assertion's resource is not the URL of one of the organization's profiles.")
    asked = form.get("resource", "")
    if asked and profile_slug_in(asked, organization.slug) != slug:
        raise OAuthProblem("invalid_target", "The request's resource is another than the assertion's.")
    return Asserted(issuer, client, _scopes(claims, form), text_of(claims, "jti"), times.expires), slug


def _scopes(claims: Mapping[str, Any], form: QueryDict) -> frozenset[str]:
    said, asked = id_jag.scopes_of(claims), form.get("scope", "").split()
    return frozenset(scope for scope in SCOPES if (said is None or scope in said) and (not asked or scope in asked))


def _person(organization: Organization, claims: Mapping[str, Any]) -> Membership:
    """Only somebody whom the organization's own sign-in has vouched for: the issuer's word alone makes nobody."""
    email = text_of(claims, "email").translate(_LOWER)
    if claims.get("email_verified", True) is not True:
        raise refused("The issuer has not verified the person's e-mail address.")
    found = Membership.objects.select_related("user", "organization").select_for_update(of=("self",), no_key=True)
    membership = found.filter(organization=organization, user__email=email).first()
    if membership is None or not (membership.is_active and membership.user.is_active):
        raise refused("No active person of the organization has this e-mail address.")
    if not AssertedIdentity.objects.filter(membership=membership, signed_in_at__isnull=False).exists():
        raise refused("The person has not signed in to Harriet by single sign-on yet. Once is enough.")
    return membership


def _profile(membership: Membership, slug: str) -> Profile:
    found = profiles_for(membership).select_related("organization").filter(slug=slug).first()
    if found is None:
        raise OAuthProblem("invalid_target", "The person has no such profile.")
    return found


def _note(membership: Membership, client: Application, profile: Profile, given: Given) -> None:
    note_step(
        membership.organization_id,
        "token",
        user_id=membership.user_id,
        application=client,
        profile_id=profile.pk,
        grant=_GRANT,
        scope=given.scopes,
    )
