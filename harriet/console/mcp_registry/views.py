"""The registry's three routes (API v0.1), for AI clients: JSON, a page at a time, also for scripts in browsers."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db.models import CharField, F, Q, QuerySet, Value
from django.db.models.functions import Concat
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_naive
from django.views.decorators.csrf import csrf_exempt

from connectors.models import IN_SERVICE, Connector, Profile
from harriet.console.mcp_registry.entries import VERSION, entry_for, namespace, slug_in
from harriet.console.mcp_registry.readers import NeedsToken, NoRegistry, readable_profiles
from harriet.lib import base64url
from harriet.people.models import Organization

PAGE, MOST = 30, 100
_SLUG = re.compile(r"[-a-zA-Z0-9_]{1,50}")
MOST_CONNECTORS = 200
"""Of a profile, that its entry names."""
METHODS = ("GET", "HEAD", "OPTIONS")
_OPEN = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": ", ".join(METHODS),
    "Access-Control-Allow-Headers": "Authorization, Content-Type",
    "Access-Control-Max-Age": "86400",
}
NO_REGISTRY = "This organization has no registry. An owner switches it on in the settings."
WHO_ARE_YOU = "Send a token of the organization in the header Authorization: Bearer …."
NO_SERVER = "Server not found"


class BadQuery(Exception):
    """What was asked for can't be read."""


class _NotThere(Exception):
    pass


Route = Callable[..., dict[str, Any]]


def _registry(route: Route) -> Callable[..., HttpResponse]:
    """Hands the route what whoever asks may see, and says what is wrong in the registry's way."""

    @csrf_exempt
    @login_not_required
    @wraps(route)
    def view(request: HttpRequest, organization: str, **asked: str) -> HttpResponse:
        response = _answered(route, request, organization, asked)
        for header, value in _OPEN.items():
            response[header] = value
        return response

    return view


def _answered(route: Route, request: HttpRequest, slug: str, asked: dict[str, str]) -> HttpResponse:
    if request.method not in METHODS:
        return JsonResponse({"error": "The registry can only be read."}, status=405, headers={"Allow": "GET"})
    if request.method == "OPTIONS":
        return HttpResponse(status=204)
    organization = Organization.objects.filter(slug=slug).first()
    try:
        return JsonResponse(route(request, readable_profiles(request, organization), organization, **asked))
    except NoRegistry:
        return _error(NO_REGISTRY, 404)
    except NeedsToken:
        refused = _error(WHO_ARE_YOU, 401)
        refused["WWW-Authenticate"] = 'Bearer realm="Harriet registry"'
        return refused
    except _NotThere:
        return _error(NO_SERVER, 404)
    except BadQuery as problem:
        return _error(str(problem), 400)


def _error(sentence: str, status: int) -> JsonResponse:
    return JsonResponse({"error": sentence}, status=status)


@_registry
def list_servers(request: HttpRequest, profiles: QuerySet[Profile], organization: Organization) -> dict[str, Any]:
    limit, found = _limit(request), _filtered(request, profiles, organization)
    rows = list(found[: limit + 1])
    page = rows[:limit]
    metadata: dict[str, Any] = {"count": len(page)}
    if len(rows) > limit:
        metadata["nextCursor"] = base64url.encode(page[-1].slug.encode())
    return {"servers": _entries(page), "metadata": metadata}


@_registry
def list_versions(
    request: HttpRequest, profiles: QuerySet[Profile], organization: Organization, name: str
) -> dict[str, Any]:
    return {"servers": _entries([_named(profiles, organization, name)]), "metadata": {"count": 1}}


@_registry
def show_version(
    request: HttpRequest,
    profiles: QuerySet[Profile],
    organization: Organization,
    name: str,
    version: str = "latest",
) -> dict[str, Any]:
    if version not in ("latest", VERSION):
        raise _NotThere
    return _entries([_named(profiles, organization, name)])[0]


def _named(profiles: QuerySet[Profile], organization: Organization, name: str) -> Profile:
    found = profiles.filter(slug=slug_in(name, organization)).first()
    if found is None:
        raise _NotThere
    return found


def _filtered(request: HttpRequest, profiles: QuerySet[Profile], organization: Organization) -> QuerySet[Profile]:
    """As the query asks: what is read is never more than a page."""
    asked = request.GET
    if asked.get("version", VERSION) not in ("latest", VERSION):
        return profiles.none()
    if search := asked.get("search", "").strip():
        named = Concat(Value(f"{namespace()}/{organization.slug}."), F("slug"), output_field=CharField())
        profiles = profiles.alias(full_name=named).filter(full_name__icontains=search)
    if since := asked.get("updated_since", ""):
        profiles = profiles.filter(created_at__gte=_moment(since))
    if cursor := asked.get("cursor", ""):
        profiles = profiles.filter(slug__gt=_place(cursor))
    return profiles.order_by("slug")


def _limit(request: HttpRequest) -> int:
    text = request.GET.get("limit", str(PAGE))
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text)):
        raise BadQuery("limit is a whole number from 1.")
    return min(int(text), MOST)


def _moment(text: str) -> Any:
    try:
        moment = parse_datetime(text.replace(" ", "+"))
    except ValueError:
        moment = None
    if moment is None or is_naive(moment):
        raise BadQuery("updated_since is a time such as 2026-11-26T08:00:00Z.")
    return moment


def _place(cursor: str) -> str:
    try:
        place = base64url.decode(cursor).decode("ascii")
    except (ValueError, UnicodeError):
        place = ""
    if not _SLUG.fullmatch(place):
        raise BadQuery("This cursor is none that the registry gave. Begin without one.")
    return place


def _entries(page: list[Profile]) -> list[dict[str, Any]]:
    """With the names of the active connectors that each offers, read for the page alone."""
    active = Connector.objects.filter(**IN_SERVICE)
    return [entry_for(one, _offered(active, one)) for one in page]


def _offered(active: QuerySet[Connector], profile: Profile) -> list[str]:
    single = profile.tools.values("connector")
    found = active.filter(Q(pk__in=profile.connectors.values("pk")) | Q(pk__in=single)).order_by("name")
    return list(found.values_list("name", flat=True)[:MOST_CONNECTORS])
