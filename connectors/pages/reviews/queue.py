"""The queue: what waits for review, and what became of the others."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from connectors.findings.score import FROM, Band, band_of
from connectors.models import Review
from connectors.pages.reviews.forms import OwnReviewsForm
from connectors.queries import reviews_of
from connectors.review_words import HUES, STATE_HUES
from connectors.states import ShownState
from harriet.pages.context import PageContext, show
from harriet.pages.forms import attempt, status_of
from harriet.pages.tables.chips import Chips, Filter
from harriet.pages.tables.declared import Column, Table
from harriet.pages.tables.listed import Listed
from harriet.people.actions.set_own_reviews import set_own_reviews
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.pages.tables import listed_for
from harriet.people.permissions import has_power
from harriet.people.roles import Power
from harriet.people.search_words import Noun, has_words

FILTERS = (
    Filter("waiting", "Needs review", Q(state=Review.State.WAITING)),
    Filter("critical", "Critical", Q(state=Review.State.WAITING, score__gte=FROM[Band.CRITICAL])),
    Filter("changes", "Changes requested", Q(state=Review.State.CHANGES)),
    Filter("approved", "Approved", Q(state=Review.State.APPROVED)),
    Filter("blocked", "Blocked", Q(state=Review.State.BLOCKED)),
    Filter("all", "All", Q()),
)
REVIEWS = Table(
    key="reviews",
    columns=(
        Column("connector", "Connector", sort="connector__name"),
        Column("state", "State", sort="state"),
        Column("score", "Score", sort="score"),
        Column("cause", "Why", is_optional=True),
        Column("by", "Submitted by", sort="submitter_label", is_optional=True),
        Column("submitted", "Submitted", sort="submitted_at", is_optional=True),
        Column("reviewer", "Decided by", sort="reviewer_label", is_optional=True, is_shown_at_first=False),
        Column("decided", "Decided", sort="decided_at", is_optional=True, is_shown_at_first=False),
    ),
    order="-submitted",
)


@dataclass(frozen=True, slots=True)
class ReviewRow:
    review: Review

    @property
    def band(self) -> ShownState:
        band = band_of(self.review.score)
        return ShownState(HUES[band], f"{self.review.score} · {band}")

    @property
    def state(self) -> ShownState:
        return shown_state(self.review)


@dataclass(frozen=True, slots=True)
class ReviewsPage(PageContext):
    template = "reviews/list.html"
    active = "reviews"
    table: Listed[Review]
    rows: list[ReviewRow]
    text: str
    show: str
    allows_own: bool
    own_reason: str
    may_change: bool
    """Whether the person may say who reviews what: owners."""
    form: OwnReviewsForm


def shown_state(review: Review) -> ShownState:
    return ShownState(STATE_HUES[Review.State(review.state)], review.get_state_display())


@require_safe
@needs(Power.VIEW_SETTINGS)
def reviews_page(request: OrganizationRequest) -> HttpResponse:
    return _show(request, OwnReviewsForm())


@require_POST
@needs(Power.MANAGE_ORGANIZATION)
def allow_own_reviews(request: OrganizationRequest) -> HttpResponse:
    form = OwnReviewsForm(request.POST)
    if attempt(form, lambda given: [set_own_reviews(request.organization, True, **given, actor=request.actor)]) is None:
        return _show(request, form)
    messages.success(request, "Owners and IT admins may now review what they submitted themselves.")
    return redirect("reviews:list")


@require_POST
@needs(Power.MANAGE_ORGANIZATION)
def end_own_reviews(request: OrganizationRequest) -> HttpResponse:
    set_own_reviews(request.organization, False, actor=request.actor)
    messages.success(request, "Nobody reviews any more what they submitted themselves.")
    return redirect("reviews:list")


def _show(request: OrganizationRequest, form: OwnReviewsForm) -> HttpResponse:
    text, chips = request.GET.get("q", "").strip(), Chips(FILTERS, request.GET)
    found = reviews_of(request.organization)
    if text:
        connectors = request.organization.connectors.filter(has_words(Noun.CONNECTOR, text))
        found = found.filter(Q(connector__in=connectors) | Q(submitter_label__icontains=text))
    table = listed_for(request, REVIEWS, chips.narrowed(found), chips=chips.shown(found))
    page = ReviewsPage(
        table=table,
        rows=[ReviewRow(review) for review in table.rows],
        text=text,
        show=chips.chosen.key,
        allows_own=request.organization.allows_own_reviews,
        own_reason=request.organization.own_reviews_reason,
        may_change=has_power(request.membership, Power.MANAGE_ORGANIZATION),
        form=form,
    )
    return show(request, page, status=status_of(form))
