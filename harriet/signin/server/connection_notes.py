"""What the connection doctor is told at the server’s endpoints: who got how far, with which client, or why not."""

from __future__ import annotations

from urllib.parse import urlsplit
from uuid import UUID

from django.http import QueryDict

from connectors.models import Profile
from harriet.people.models import Organization
from harriet.signin.models import Application
from harriet.signin.protocol.client_metadata import ClientMetadata
from harriet.signin.protocol.problems import OAuthProblem
from harriet.signin.protocol.redirects import place_of
from harriet.signin.server.documents import DocumentProblem
from harriet.signin.server.endpoints import Server, TokenAnswer
from harriet.signin.steps import note_step

_POLLING = frozenset({"authorization_pending", "slow_down"})
"""A client that waits for its person asks every few seconds: that is no step."""


def note_profile_look(organization: Organization, slug: str) -> None:
    """Of a profile that there is: others are somebody's guesses."""
    profile = Profile.objects.filter(organization=organization, slug=slug).first()
    if profile is not None:
        note_step(organization.pk, "resource_metadata", profile_id=profile.pk)


def note_registration(application: Application, metadata: ClientMetadata) -> None:
    note_step(
        application.organization_id,
        "registered",
        application=application,
        host=", ".join(dict.fromkeys(place_of(uri) for uri in metadata.redirect_uris)),
        software=metadata.software,
        method=metadata.auth_method,
    )


def note_refused_registration(organization: Organization, problem: OAuthProblem) -> None:
    note_step(organization.pk, "registered", problem=problem.code, reason=problem.message)


def note_stopped(organization: Organization, user_id: UUID, client_id: str, problem: OAuthProblem) -> None:
    """The person was shown why, and nothing went back to the client."""
    if isinstance(problem, DocumentProblem):
        host = urlsplit(client_id).netloc
        note_step(
            organization.pk,
            "client_document",
            user_id=user_id,
            client=host,
            problem="invalid_document",
            document=client_id,
            reason=problem.message,
        )
    else:
        client = Application.objects.filter(organization=organization, client_id=client_id).first()
        note_step(organization.pk, "authorize", user_id=user_id, application=client, problem=problem.code)


def note_token(organization: Organization, server: Server, form: QueryDict, answer: TokenAnswer) -> None:
    """What a client got at the token endpoint, or why it got nothing. Never what it showed or was given."""
    error = str(answer.body.get("error", ""))
    if error in _POLLING:
        return
    client, app = server.validator.client, server.validator.app
    note_step(
        organization.pk,
        "refreshed" if form.get("grant_type") == "refresh_token" else "token",
        user_id=app.user_id if app is not None else None,
        application=client,
        profile_id=app.profile_id if app is not None else None,
        problem=error,
        reason=answer.body.get("error_description", ""),
        scope=answer.body.get("scope", ""),
    )


def note_device_code(organization: Organization, form: QueryDict, answer: TokenAnswer) -> None:
    client = Application.objects.filter(organization=organization, client_id=form.get("client_id", "")).first()
    note_step(
        organization.pk,
        "device_code",
        application=client,
        problem=str(answer.body.get("error", "")),
        reason=answer.body.get("error_description", ""),
    )
