"""Who may open a page: the decorators that say so, and the type of request that they hand to the page.

They ask for roles, so they are here and not in harriet/pages, which knows nobody. Pages of all apps use them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django_htmx.middleware import HtmxDetails

from audit.actor import Actor
from harriet.people.errors import NotAllowed
from harriet.people.models import Membership, Organization, User
from harriet.people.permissions import has_power
from harriet.people.roles import Power

P = ParamSpec("P")

WANTED = "wanted"
"""The session's key for the page that somebody asked for before they had chosen an organization."""


class OrganizationRequest(HttpRequest):
    """A request of a signed-in, active member of the organization that the page is about."""

    user: User
    organization: Organization
    membership: Membership
    memberships: list[Membership]
    """Every organization the person may switch to."""
    kept_out: list[Membership]
    """Those that require single sign-on, while the person came otherwise."""
    actor: Actor
    htmx: HtmxDetails


View = Callable[Concatenate[OrganizationRequest, P], HttpResponseBase]
DjangoView = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def in_organization(view: View[P]) -> DjangoView[P]:
    """Lets the view run only inside an organization; who has yet to choose one is asked to."""

    @wraps(view)
    def inner(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if getattr(request, "organization", None) is None:
            _remember(request)
            return redirect("people:choose")
        return view(cast(OrganizationRequest, request), *args, **kwargs)

    return inner


def _remember(request: HttpRequest) -> None:
    """Whoever has several organizations comes to the page that they asked for once they have chosen."""
    own = [*getattr(request, "memberships", []), *getattr(request, "kept_out", [])]
    if request.method == "GET" and request.path != "/" and own:
        request.session[WANTED] = request.get_full_path()


def needs(power: Power) -> Callable[[View[P]], DjangoView[P]]:
    """Lets the view run only for members whose role has the power."""

    def decorate(view: View[P]) -> DjangoView[P]:
        @in_organization
        @wraps(view)
        def inner(request: OrganizationRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not has_power(request.membership, power):
                raise NotAllowed(f"Your role here, {request.membership.get_role_display()}, may not {power}.")
            return view(request, *args, **kwargs)

        return inner

    return decorate


def needs_to_save(saving: Power) -> Callable[[View[P]], DjangoView[P]]:
    """Whoever sees company settings may open the page; POST needs the given power."""

    def decorate(view: View[P]) -> DjangoView[P]:
        reads, saves = needs(Power.VIEW_SETTINGS)(view), needs(saving)(view)

        @wraps(view)
        def inner(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            return (saves if request.method == "POST" else reads)(request, *args, **kwargs)

        return inner

    return decorate
