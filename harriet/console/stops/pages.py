"""Company settings → Emergency stop: what is stopped, the switches, the release in stages, the drill."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_safe

from harriet.console.stops.forms import ReleaseForm, StopForm
from harriet.console.stops.under_way import UnderWay, under_way
from harriet.lib.errors import Problem
from harriet.pages.context import PageContext, show
from harriet.pages.forms import add_problem, attempt, status_of
from harriet.people.actions.record_drill import record_drill
from harriet.people.actions.release_stop import ease_stop, release_stop, stage_words
from harriet.people.actions.stop_calls import stop_calls
from harriet.people.errors import NotAllowed, NotFound
from harriet.people.models import Stop
from harriet.people.pages.fresh_sign_in import sign_in_again, signed_in_lately, typed_before
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.queries import or_not_found
from harriet.people.roles import Power
from harriet.people.standing_stops import released_stops_of, stops_of
from harriet.people.stop_powers import Subject, may_switch, subject_of

SHOWN_RELEASED = 10
STOP, DRILL = "stop", "drill"
"""What the buttons say: the third one only looks."""


@dataclass(frozen=True, slots=True)
class Switch:
    kind: str
    label: str
    what_for: str


_WHAT_FOR = {
    Stop.Kind.ORGANIZATION: "Every call of everybody. For owners, who sign in again for it.",
    Stop.Kind.CONNECTOR: "Every call to one server, such as one that was taken over.",
    Stop.Kind.PERSON: "Every call of one person, with any device or app, and of the agents that they answer for.",
    Stop.Kind.AGENT: "Every call of one agent, with any of its credentials.",
    Stop.Kind.CLIENT: "Every call of one AI client in which people sign in, whoever uses it.",
    Stop.Kind.CLIENT_NAME: "Calls by the name that a client gives itself: a hint, which a client can change.",
    Stop.Kind.RISK: "Calls of all tools of one class, such as all dangerous ones.",
}


@dataclass(frozen=True, slots=True)
class Standing:
    stop: Stop
    words: str
    stage: str
    """What runs again; empty for nothing."""


@dataclass(frozen=True, slots=True)
class StopsPage(PageContext):
    template = "stops/list.html"
    active = "stops"
    standing: list[Standing]
    released: list[Standing]
    switches: list[Switch]


@require_safe
@needs(Power.VIEW_SETTINGS)
def stops_page(request: OrganizationRequest) -> HttpResponse:
    released = released_stops_of(request.organization)[:SHOWN_RELEASED]
    page = StopsPage(
        standing=[_standing(stop) for stop in stops_of(request.organization)],
        released=[_standing(stop) for stop in released],
        switches=[
            Switch(kind.value, kind.label, what_for)
            for kind, what_for in _WHAT_FOR.items()
            if may_switch(request.membership, kind)
        ],
    )
    return show(request, page)


def _standing(stop: Stop) -> Standing:
    is_whole = stop.stage == Stop.Stage.ALL and stop.let_through_id is None
    return Standing(stop, subject_of(stop).words, "" if is_whole else stage_words(stop.stage, stop.let_through))


@dataclass(frozen=True, slots=True)
class NewStopPage(PageContext):
    template = "stops/new.html"
    active = "stops"
    form: StopForm
    label: str
    what_for: str
    seen: UnderWay | None
    words: str
    """What would be stopped; empty before it was looked."""
    wants_sign_in: bool
    """They are asked to sign in again first."""


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Power.VIEW_SETTINGS)
def new_stop_page(request: OrganizationRequest, kind: str) -> HttpResponse:
    """Three buttons: look what it would end, stop it, or record that as a drill."""
    if kind not in Stop.Kind.values:
        raise NotFound("There is no such switch.")
    if not may_switch(request.membership, kind):
        raise NotAllowed("Your role here may not use this switch. Ask an owner or IT admin of the organization.")
    picked = {"subject": request.GET["subject"]} if "subject" in request.GET else None
    form = StopForm(request.organization, kind, _given(request), initial=picked)
    subject = form.subject() if form.is_bound and form.is_valid() else None
    if subject is not None and request.POST.get("do") == STOP and _wants_sign_in(request, kind):
        return sign_in_again(request, request.path)
    if subject is not None and request.POST.get("do") in (STOP, DRILL):
        done = _do(request, form, subject)
        if done:
            messages.success(request, done)
            return redirect("stops:list")
    return _show_new(request, form, subject)


def _given(request: OrganizationRequest) -> QueryDict | None:
    """What was sent; or was typed before they signed in again, which is shown and not done."""
    if request.method == "POST":
        return request.POST
    typed = typed_before(request)
    return QueryDict(urlencode(typed)) if typed else None


def _wants_sign_in(request: OrganizationRequest, kind: str) -> bool:
    return kind == Stop.Kind.ORGANIZATION and not signed_in_lately(request)


def _do(request: OrganizationRequest, form: StopForm, subject: Subject) -> str:
    """What was done, in words; empty when it was refused, which the form says then."""
    seen, given = under_way(request.organization, subject), form.cleaned_data
    try:
        if request.POST["do"] == DRILL:
            record_drill(request.organization, subject, ends=seen.words, reason=given["reason"], actor=request.actor)
            return f"The drill is in the audit log: {seen.words}. Nothing was stopped."
        stop_calls(
            request.organization,
            subject,
            reason=given["reason"],
            told=given["told"],
            ends=seen.words,
            has_stepped_up=signed_in_lately(request),
            actor=request.actor,
        )
    except Problem as problem:
        add_problem(form, problem)
        return ""
    return f"Stopped: {subject.words}. Every web process follows within a second; owners and IT admins are told."


def _show_new(request: OrganizationRequest, form: StopForm, subject: Subject | None) -> HttpResponse:
    page = NewStopPage(
        form=form,
        label=form.kind.label,
        what_for=_WHAT_FOR[form.kind],
        seen=under_way(request.organization, subject) if subject is not None else None,
        words=subject.words if subject is not None else "",
        wants_sign_in=_wants_sign_in(request, form.kind),
    )
    return show(request, page, status=status_of(form))


@dataclass(frozen=True, slots=True)
class StopPage(PageContext):
    template = "stops/stop.html"
    active = "stops"
    stop: Stop
    words: str
    stage: str
    form: ReleaseForm
    may_release: bool
    wants_sign_in: bool


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Power.VIEW_SETTINGS)
def stop_page(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    found = Stop.objects.filter(organization=request.organization, pk=pk)
    stop = or_not_found(found.select_related("organization", "let_through").first(), "There is no such stop here.")
    form = ReleaseForm(stop, _given(request))
    if request.method == "POST" and form.is_valid() and _wants_sign_in(request, stop.kind):
        return sign_in_again(request, request.path)
    if request.method == "POST" and attempt(form, lambda given: _release(request, stop, given)) is not None:
        return redirect("stops:list")
    standing = _standing(stop)
    page = StopPage(
        stop=stop,
        words=standing.words,
        stage=standing.stage,
        form=form,
        may_release=stop.released_at is None and may_switch(request.membership, stop.kind),
        wants_sign_in=_wants_sign_in(request, stop.kind),
    )
    return show(request, page, status=status_of(form))


def _release(request: OrganizationRequest, stop: Stop, given: dict[str, Any]) -> bool:
    how: dict[str, Any] = {
        "reason": given["reason"],
        "has_stepped_up": signed_in_lately(request),
        "actor": request.actor,
    }
    if request.POST.get("do") == "release":
        done = release_stop(stop, **how)
        words = f"Released: {subject_of(stop).words}. What was ended does not go on by itself."
    else:
        stage = given.get("stage") or Stop.Stage.ALL
        done = ease_stop(stop, stage=stage, let_through=given["let_through"], **how)
        words = "The stage is in force within a second, and in the audit log."
    messages.success(request, words if done else "Somebody else had released it already.")
    return True
