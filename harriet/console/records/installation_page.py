"""The operators' page: every organization's counts and health, nothing that an organization holds."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse

from harriet.console.audit.rows import Badge, badge_of
from harriet.console.background import BackgroundWork, background
from harriet.console.records.overviews import Overview, overviews
from harriet.console.records.viewer import Viewer, for_readers
from harriet.pages.context import PageContext, show
from harriet.people.errors import NotFound


@dataclass(frozen=True, slots=True)
class OrganizationLine:
    organization: Overview
    chain: Badge


@dataclass(frozen=True, slots=True)
class InstallationPage(PageContext):
    template = "records/installation.html"
    active = "installation"
    lines: list[OrganizationLine]
    after: str
    """Where the next page begins; empty on the last."""
    is_later: bool
    background: BackgroundWork


@for_readers
def installation(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    if not viewer.is_operator:
        raise NotFound("This page is for whoever operates this installation.")
    found, after = overviews(request.GET.get("after", ""))
    lines = [OrganizationLine(one, badge_of(one.verification)) for one in found]
    return show(request, InstallationPage(lines, after, bool(request.GET.get("after")), background()))
