"""Which organization a person works in, when there are several."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from .errors import NotFound
from .http import OrganizationRequest
from .middleware import CHOSEN


def choose(request: HttpRequest) -> HttpResponse:
    """Signed in is enough: this is where people without an organization end up, too."""
    return render(request, "people/choose.html", {"memberships": cast(OrganizationRequest, request).memberships})


@require_POST
def switch(request: HttpRequest) -> HttpResponse:
    """Only into an organization that the person is active in."""
    memberships = cast(OrganizationRequest, request).memberships
    wanted = request.POST.get("organization", "")
    if wanted not in {str(membership.organization_id) for membership in memberships}:
        raise NotFound("You are not in this organization.")
    request.session[CHOSEN] = wanted
    return redirect("/")
