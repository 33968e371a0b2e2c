"""Reads of clients that sign in, of what people allowed them, and of the steps on the way: each in one organization."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet
from oauth2_provider.settings import oauth2_settings

from harriet.people.models import Organization, User
from harriet.people.queries import or_not_found
from harriet.signin.models import ConnectedApp

SCOPES: dict[str, str] = oauth2_settings.SCOPES


def apps_of(organization: Organization, user: User | None = None) -> QuerySet[ConnectedApp]:
    """What is connected, of everybody or of one person: neither ended nor revoked with its device. Newest first."""
    apps = ConnectedApp.objects.filter(organization=organization, ended_at=None, device__revoked_at=None)
    if user is not None:
        apps = apps.filter(user=user)
    return apps.select_related("application", "device", "user", "organization").order_by("-consented_at", "pk")


def app_of(organization: Organization, app_id: UUID, user: User | None = None) -> ConnectedApp:
    """Raises NotFound; also for somebody else's, when a person is given."""
    return or_not_found(apps_of(organization, user).filter(pk=app_id).first(), "There is no such connected app here.")


def scope_words(scopes: str) -> list[str]:
    """ "Look things up" for `tools.read`; a scope that Harriet does not know is left out: it allows nothing."""
    asked = scopes.split()
    return [words for scope, words in SCOPES.items() if scope in asked]
