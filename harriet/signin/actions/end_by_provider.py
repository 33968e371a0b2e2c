"""The provider signed somebody out: their browsers here are signed out, and where it is wanted their clients wait."""

from __future__ import annotations

from datetime import UTC, datetime

from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Q

from audit.record import record
from harriet.people.actions.assert_identity import lapse_identity
from harriet.people.actors import person_label
from harriet.people.models import AssertedIdentity, Membership
from harriet.signin.actions.finish_sign_in import actor_of_provider
from harriet.signin.actions.forget_subjects import forget_subjects
from harriet.signin.actions.take_provider_answer import keys_of, remember
from harriet.signin.events import ClientsLapsed, SessionsEndedByProvider
from harriet.signin.models import IdentityProvider, ProviderSession, SubjectToken
from harriet.signin.oidc.tokens import check_logout_token


def end_by_provider(provider: IdentityProvider, token: str) -> int:
    """How many sessions ended. `token` is a logout token (OpenID Connect Back-Channel Logout). Raises SignInRefused."""
    now = datetime.now(UTC).timestamp()
    said = check_logout_token(
        token, issuer=provider.issuer, client_id=provider.client_id, keys=keys_of(provider), now=now
    )
    with transaction.atomic():
        remember(provider, f"logout {said['jti']}", datetime.fromtimestamp(said["exp"] + 600, UTC))
        return _end(provider, str(said.get("sub", "")), str(said.get("sid", "")))


def _end(provider: IdentityProvider, subject: str, sid: str) -> int:
    """With a `sid` that session alone; otherwise all of the person's."""
    sessions = ProviderSession.objects.filter(provider=provider)
    sessions = sessions.filter(sid=sid) if sid else sessions.filter(subject=subject)
    if subject:
        sessions = sessions.filter(subject=subject)
    rows = list(sessions.select_related("membership__user"))
    Session.objects.filter(pk__in=[row.session_id for row in rows]).delete()
    subjects = {subject} if subject else {row.subject for row in rows}
    forget_subjects(_signed_out(provider, subjects, sid), actor=actor_of_provider(provider))
    for membership in {row.membership for row in rows}:
        count = sum(1 for row in rows if row.membership_id == membership.pk)
        event = SessionsEndedByProvider(person=person_label(membership.user), provider=provider.name, count=count)
        record(event, organization_id=provider.organization_id, actor=actor_of_provider(provider))
    if provider.logout_stops_clients:
        _stop_clients(provider, subjects)
    return len(rows)


def _signed_out(provider: IdentityProvider, subjects: set[str], sid: str) -> list[Membership]:
    """Whose sign-in is over, whether or not a browser of theirs was still signed in here: many providers name the
    session alone."""
    of_subject = Q(identity__provider_id=provider.pk, identity__subject__in=subjects)
    kept = SubjectToken.objects.filter(provider=provider, sid=sid).values("membership") if sid else []
    found = Membership.objects.filter(of_subject | Q(pk__in=kept), organization=provider.organization_id)
    return list(found.distinct())


def _stop_clients(provider: IdentityProvider, subjects: set[str]) -> None:
    found = AssertedIdentity.objects.filter(provider_id=provider.pk, subject__in=subjects)
    for identity in found.select_related("membership__user", "membership__organization"):
        if lapse_identity(identity):
            why = f"{provider.name} signed them out."
            event = ClientsLapsed(person=person_label(identity.membership.user), why=why)
            record(event, organization_id=provider.organization_id, actor=actor_of_provider(provider))
