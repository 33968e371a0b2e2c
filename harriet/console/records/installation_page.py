"""The operators' page: every organization's counts and health, nothing that an organization holds."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from harriet.console.audit.rows import Badge, badge_of
from harriet.console.records.installation import Overview, background, overviews
from harriet.console.records.viewer import Viewer, for_readers
from harriet.people.errors import NotFound


@dataclass(frozen=True, slots=True)
class Line:
    organization: Overview
    chain: Badge


@for_readers
def installation(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    if not viewer.is_operator:
        raise NotFound("This page is for whoever operates this installation.")
    found, after = overviews(request.GET.get("after", ""))
    context = {
        "active": "installation",
        "lines": [Line(one, badge_of(one.verification)) for one in found],
        "after": after,
        "is_later": bool(request.GET.get("after")),
        "background": background(),
    }
    return render(request, "records/installation.html", context)
