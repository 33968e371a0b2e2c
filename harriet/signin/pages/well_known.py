"""The documents that clients read before anything else: where to sign in, and how that works here."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from connectors.identity_keys import identity_key_set
from harriet.people.models import Organization
from harriet.signin.pages.for_clients import for_clients, json_answer
from harriet.signin.server.connection_notes import note_profile_look
from harriet.signin.server.discovery import resource_metadata, server_metadata
from harriet.signin.steps import note_step


@for_clients("GET", "HEAD")
def metadata_document(request: HttpRequest, organization: Organization) -> HttpResponse:
    note_step(organization.pk, "server_metadata")
    return json_answer(server_metadata(organization.slug))


@for_clients("GET", "HEAD")
def key_set(request: HttpRequest, organization: Organization) -> HttpResponse:
    """With which the organization says who calls; its access tokens are opaque, and nothing of them is signed."""
    return json_answer(dict(identity_key_set(organization.pk)))


@csrf_exempt
@login_not_required
def profile_document(request: HttpRequest, organization: str, profile: str) -> HttpResponse:
    """Whether or not there is such a profile."""
    return _of_profile(profile)(request, organization)


def _of_profile(slug: str) -> Callable[..., HttpResponse]:
    @for_clients("GET", "HEAD")
    def answered(request: HttpRequest, organization: Organization) -> HttpResponse:
        note_profile_look(organization, slug)
        return json_answer(resource_metadata(organization.slug, slug))

    return answered
