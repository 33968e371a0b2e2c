"""The page of one review: what is known, who may decide, and the decision."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from connectors.actions.approve_review import approve_review
from connectors.actions.comment_review import comment_review
from connectors.actions.decide_review import ReviewMoved
from connectors.actions.review_alone import review_alone
from connectors.actions.send_back import block_connector, request_changes
from connectors.actions.submit_connector import submit_connector
from connectors.findings.base import Finding
from connectors.findings.registry import CHECKS
from connectors.findings.score import Band, band_of
from connectors.findings.stored import read_findings
from connectors.models import Connector, Review, ReviewComment
from connectors.pages.reviews.forms import ApproveForm, CommentForm, SendBackForm, approve_form
from connectors.pages.reviews.queue import shown_state
from connectors.queries import connector_of, review_of
from connectors.review_words import HUES, Evidence, evidence_of, next_action
from connectors.reviewers import is_own, refusal, refusal_and_nobody
from connectors.states import ShownState
from harriet.lib.errors import Problem
from harriet.pages.context import PageContext, show
from harriet.pages.forms import add_problem, attempt, status_of
from harriet.people.models import Membership
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.permissions import has_power
from harriet.people.roles import Power, Role

SEVERITY_HUES = {"low": "neutral", "medium": "attention", "high": "danger", "critical": "danger"}


@dataclass(frozen=True, slots=True)
class ShownFinding:
    finding: Finding

    @property
    def hue(self) -> str:
        return SEVERITY_HUES[self.finding.severity]

    @property
    def word(self) -> str:
        return self.finding.severity.capitalize()


@dataclass(frozen=True, slots=True)
class ReviewPage(PageContext):
    template = "reviews/detail.html"
    active = "reviews"
    request: OrganizationRequest
    review: Review
    connector: Connector
    refusal: str
    """Why this person may not decide; empty when they may."""
    is_alone: bool
    """Nobody may review it, and the person could change that here."""
    approve: ApproveForm
    send_back: SendBackForm
    comment: CommentForm

    @property
    def seen(self) -> str:
        return bytes(self.review.digest).hex()

    @property
    def is_open(self) -> bool:
        return self.review.state == Review.State.WAITING

    @property
    def state(self) -> ShownState:
        return shown_state(self.review)

    @property
    def band(self) -> ShownState:
        band = band_of(self.review.score)
        return ShownState(HUES[band], band)

    @property
    def is_critical(self) -> bool:
        return band_of(self.review.score) == Band.CRITICAL

    @property
    def next_action(self) -> str:
        return next_action(self.review)

    @property
    def evidence(self) -> list[Evidence]:
        return evidence_of(self.review, self.connector)

    @property
    def findings(self) -> list[ShownFinding]:
        return [ShownFinding(one) for one in read_findings(self.review.findings)]

    @property
    def checks(self) -> list[str]:
        return [check.looks_for for check in CHECKS.values()]

    @property
    def is_own(self) -> bool:
        return is_own(self.review, self.request.membership)

    @property
    def is_owner(self) -> bool:
        return self.request.membership.role == Role.OWNER

    @property
    def may_submit(self) -> bool:
        """Again: what was sent back, blocked or approved, while nothing waits."""
        manages = has_power(self.request.membership, Power.MANAGE_CONNECTORS)
        newest = Review.objects.filter(connector=self.connector).first()
        return not self.is_open and manages and newest is not None and newest.pk == self.review.pk

    @property
    def comments(self) -> list[ReviewComment]:
        """Also of the reviews before: it is one conversation about one connector."""
        said = ReviewComment.objects.filter(review__connector=self.connector).select_related("author")
        return list(said.order_by("-at")[:100])[::-1]


@require_safe
@needs(Power.VIEW_SETTINGS)
def review_page(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    return _show(request, review_of(request.organization, pk))


@require_POST
@needs(Power.REVIEW_CONNECTORS)
def approve(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    review = review_of(request.organization, pk)
    form = approve_form(band_of(review.score) == Band.CRITICAL, "", request.POST)
    done = _decided(request, pk, form, lambda given: approve_review(review, **given, actor=request.actor))
    return done or _show(request, review, approve=form)


@require_POST
@needs(Power.REVIEW_CONNECTORS)
def send_back(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    """Requests changes, or blocks, by the button that was pressed."""
    review, form = review_of(request.organization, pk), SendBackForm(request.POST)
    decide = block_connector if "block" in request.POST else request_changes
    done = _decided(request, pk, form, lambda given: decide(review, **given, actor=request.actor))
    return done or _show(request, review, send_back=form)


@require_POST
@needs(Power.MANAGE_ORGANIZATION)
def approve_alone(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    review = review_of(request.organization, pk)
    try:
        review_alone(review, seen=request.POST.get("seen", ""), actor=request.actor)
    except Problem as problem:
        messages.error(request, problem.message)
        return redirect("reviews:detail", pk)
    messages.success(
        request, f"{review.connector} is approved. Owners and IT admins review their own from now on, until you end it."
    )
    return redirect("connectors:ready", review.connector_id)


@require_POST
@needs(Power.VIEW_SETTINGS)
def comment(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    review, form = review_of(request.organization, pk), CommentForm(request.POST)
    if attempt(form, lambda given: comment_review(review, given["words"], actor=request.actor)) is None:
        return _show(request, review, comment=form)
    return redirect("reviews:detail", pk)


@require_POST
@needs(Power.MANAGE_CONNECTORS)
def submit_again(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    """`pk` is the connector's."""
    review = submit_connector(connector_of(request.organization, pk), actor=request.actor)
    messages.success(request, f"{review.connector} was submitted for review.")
    return redirect("reviews:detail", review.pk)


def _decided(
    request: OrganizationRequest, pk: UUID, form: forms.Form, decide: Callable[[dict[str, Any]], Review]
) -> HttpResponse | None:
    """None when it was refused, which stands on the form; what moved meanwhile is shown anew."""
    if not form.is_valid():
        return None
    try:
        made = decide(form.cleaned_data)
    except ReviewMoved as moved:
        messages.error(request, moved.message)
        return redirect("reviews:detail", pk)
    except Problem as problem:
        add_problem(form, problem)
        return None
    messages.success(request, f"{made.connector}: {made.get_state_display().lower()}.")
    if request.POST.get("next") == "ready":
        return redirect("connectors:ready", made.connector_id)
    return redirect("reviews:detail", made.pk)


def _show(
    request: OrganizationRequest,
    review: Review,
    *,
    approve: ApproveForm | None = None,
    send_back: SendBackForm | None = None,
    comment: CommentForm | None = None,
) -> HttpResponse:
    digest = bytes(review.digest).hex()
    why_not, is_alone = _refusal_and_alone(review, request.membership)
    page = ReviewPage(
        request=request,
        review=review,
        connector=connector_of(request.organization, review.connector_id),
        refusal=why_not,
        is_alone=is_alone,
        approve=approve or approve_form(band_of(review.score) == Band.CRITICAL, digest),
        send_back=send_back or SendBackForm(initial={"seen": digest}),
        comment=comment or CommentForm(),
    )
    return show(request, page, status=status_of(page.approve, page.send_back, page.comment))


def _refusal_and_alone(review: Review, membership: Membership) -> tuple[str, bool]:
    """Of one that waits; nothing is asked of another."""
    if review.state != Review.State.WAITING:
        return "", False
    if membership.role != Role.OWNER or band_of(review.score) == Band.CRITICAL:
        return refusal(review, membership), False
    return refusal_and_nobody(review, membership)
