"""Connected apps: the AI clients that a person signed in with, what each may do, and how it is disconnected."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from connectors.models import Profile
from harriet.console.me.page import MyPage
from harriet.pages.context import show
from harriet.people.models import Organization
from harriet.people.pages.guards import OrganizationRequest, in_organization
from harriet.signin.actions.end_connected_app import end_connected_app
from harriet.signin.models import ConnectedApp
from harriet.signin.queries import app_of, apps_of, scope_words


@dataclass(frozen=True, slots=True)
class AppRow:
    app: ConnectedApp
    profile: Profile | None
    """None when it was deleted: the app can't call anything then."""
    allowed: list[str]


@dataclass(frozen=True, slots=True)
class MyAppsPage(MyPage):
    template = "me/apps.html"
    tab = "apps"
    rows: list[AppRow]


@require_safe
@in_organization
def my_apps_page(request: OrganizationRequest) -> HttpResponse:
    return show(request, MyAppsPage(rows=_rows(request.organization, apps_of(request.organization, request.user))))


def _rows(organization: Organization, apps: QuerySet[ConnectedApp]) -> list[AppRow]:
    found = list(apps)
    profiles = Profile.objects.filter(organization=organization).in_bulk([app.profile_id for app in found])
    return [AppRow(app, profiles.get(app.profile_id), scope_words(app.scopes)) for app in found]


@require_POST
@in_organization
def disconnect_my_app(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    app = app_of(request.organization, pk, request.user)
    end_connected_app(app, actor=request.actor)
    messages.success(request, f"{app.application} was disconnected; its tokens open nothing any more.")
    return redirect("me:apps")
