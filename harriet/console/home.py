"""The first page: where each role works; for visitors the way in, and before there is an owner, where the link is."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from approvals.queries import waiting_for
from harriet.pages.context import PageContext, show
from harriet.people.models import Membership
from harriet.people.pages.guards import OrganizationRequest, in_organization
from harriet.people.permissions import has_power, is_operator
from harriet.people.queries import has_owner
from harriet.people.roles import Power


class NotSetUpPage(PageContext):
    __slots__ = ()

    template = "people/not_set_up.html"


@login_not_required
@require_safe
def home_page(request: HttpRequest) -> HttpResponseBase:
    """What the role comes for; for who is in no organization, the installation's."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path()) if has_owner() else show(request, NotSetUpPage())
    if is_operator(request.user) and not getattr(request, "memberships", []):
        return redirect("admin:installation")
    return _home_of_role(request)


@in_organization
def _home_of_role(request: OrganizationRequest) -> HttpResponse:
    return redirect(home_of(request.membership))


_WORK = (
    (Power.MANAGE_CONNECTORS, "console:overview", ""),
    (Power.DECIDE_ACTIONS, "tickets:list", "?show=waiting"),
    (Power.VIEW_AUDIT, "audit:list", ""),
    (Power.VIEW_SETTINGS, "console:overview", ""),
)
"""What somebody is here for is the first of these that their role may do."""


def home_of(membership: Membership) -> str:
    """The address of the page that a member works on. Who decides by a group lands on what waits for them."""
    for power, page, query in _WORK:
        if has_power(membership, power):
            return reverse(page) + query
    return reverse("me:waiting" if waiting_for(membership).exists() else "me:home")
