"""What every page goes through: its request id, its organization and who acts, a Problem as a page."""

from __future__ import annotations

from collections.abc import Callable
from time import time
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from audit.actor import Actor
from audit.context import request as audit_request
from harriet.lib.errors import Problem
from harriet.lib.http.client_addresses import client_of
from harriet.people.actions.note_session import note_session_seen
from harriet.people.actors import actor_of
from harriet.people.errors import NotAllowed, NotFound
from harriet.people.models import Membership, Organization, User

CHOSEN = "organization"
"""The session key that holds the id of the organization the person chose."""

CONFINED = "confined_to"
"""The session key that holds the id of the one organization that a session by single sign-on is good for."""

NOBODY = Actor(kind="person", id=None, label="somebody who is not signed in")
"""Holds no power anywhere."""


class RequestIdMiddleware:
    """One id for all that a page's request causes: in the audit log, in the server's log, and for whoever sent it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with audit_request() as id:
            request.request_id = id  # type: ignore[attr-defined]
            response = self.get_response(request)
        response["X-Request-Id"] = str(id)
        return response


class CurrentOrganizationMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        place_in_organization(request)
        note_seen(request)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        return problem_page(request, error) if isinstance(error, Problem) else None


def place_in_organization(request: Any) -> None:
    """Reads the memberships anew on every request: one that ended a moment ago counts no more."""
    user = request.user if isinstance(request.user, User) else None
    confined = request.session.get(CONFINED) if user else None
    if user and confined:
        user.confined_to = UUID(confined)
    found = active_memberships(user) if user else []
    request.memberships = [one for one in found if is_admitted(one, user)]
    request.kept_out = [] if confined else [one for one in found if one not in request.memberships]
    request.membership = chosen_membership(request.memberships, request.session.get(CHOSEN)) if user else None
    request.organization = request.membership.organization if request.membership else None
    request.actor = actor_of(user) if user else NOBODY


SEEN = "seen"
"""The session key that holds when its person was last noted as being there, in seconds."""
SEEN_EVERY = 600


def note_seen(request: Any) -> None:
    """Once in ten minutes: so exactly do people see in which browsers they are signed in."""
    if not request.user.is_authenticated or not request.session.session_key:
        return
    now = int(time())
    if now - request.session.setdefault(SEEN, now) > SEEN_EVERY:
        request.session[SEEN] = now
        note_session_seen(request.session.session_key, address_of(request))


def address_of(request: HttpRequest) -> str:
    """Whom the outermost of our own proxies saw."""
    meta = request.META
    peer, forwarded = str(meta.get("REMOTE_ADDR", "")), str(meta.get("HTTP_X_FORWARDED_FOR", ""))
    return client_of(peer, forwarded, settings.ALLAUTH_TRUSTED_PROXY_COUNT) if forwarded else peer


def active_memberships(user: User) -> list[Membership]:
    beside = ("organization__sign_in_rule", "user")
    found = Membership.objects.filter(user=user, is_active=True).select_related("organization", *beside)
    return list(found.order_by("organization__name"))


def admitted(user: User, organization: Organization) -> Membership | None:
    """The person's place there, when this way of signing in opens it."""
    beside = ("organization__sign_in_rule", "user")
    found = Membership.objects.filter(user=user, organization=organization, is_active=True).select_related(*beside)
    membership = found.first()
    return membership if membership is not None and is_admitted(membership, user) else None


def is_admitted(membership: Membership, user: User | None) -> bool:
    """Whether this way of signing in opens the organization: single sign-on opens its own alone, and where it is
    required nothing else does, but for the one owner who is named."""
    if user is not None and user.confined_to is not None:
        return membership.organization_id == user.confined_to
    rule = getattr(membership.organization, "sign_in_rule", None)
    return rule is None or not rule.is_enforced or rule.break_glass_id == membership.user_id


def chosen_membership(memberships: list[Membership], chosen: str | None) -> Membership | None:
    """The organization that was chosen; the only one needs no choice."""
    if len(memberships) == 1:
        return memberships[0]
    wanted = UUID(chosen) if chosen else None
    return next((m for m in memberships if m.organization_id == wanted), None)


def problem_page(request: HttpRequest, problem: Problem) -> HttpResponse:
    status, heading, kind = 400, "That did not work", "attention"
    if isinstance(problem, NotAllowed):
        status, heading = 403, "You may not do this"
    elif isinstance(problem, NotFound):
        status, heading, kind = 404, "Not found", "neutral"
    return render(request, "problem.html", {"problem": problem, "heading": heading, "kind": kind}, status=status)
