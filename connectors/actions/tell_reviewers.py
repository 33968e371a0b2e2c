"""Tell those who may review a connector that it waits, and whoever submitted it what became of it. No audit events:
the changes have them."""

from __future__ import annotations

from django.urls import reverse

from connectors.findings.score import band_of
from connectors.models import Review
from connectors.reviewers import reviewers_of
from harriet.people.actions.notice_person import notice_person
from harriet.people.actions.settle_matter import settle_matter
from harriet.people.actions.tell_people import tell_people
from harriet.people.notifications.keys import about_connector
from harriet.people.notifications.kinds import ANSWERS, REVIEWS, Matter
from harriet.people.notifications.outside import over_outside, told_outside


def tell_reviewers(review: Review) -> None:
    band = band_of(review.score)
    text = f"{review.connector.name} waits for review: {review.score} of 100, {band}. {review.cause}"
    matter = Matter(REVIEWS, review.organization_id, _key(review), text, path_of(review))
    tell_people(matter, [one.user_id for one in reviewers_of(review) if one.user_id != review.submitter_id])
    told_outside(matter)


def settle_review(review: Review) -> None:
    """Nobody has to decide on it any more."""
    settle_matter(review.organization_id, _key(review))
    over_outside(review.organization_id, _key(review))


def tell_submitter(review: Review, became: str) -> None:
    """`became` goes on after “Your connector CRM ”."""
    if review.submitter is not None and review.submitter_id != review.reviewer_id:
        text = f"Your connector {review.connector.name} {became}"
        key = f"{about_connector(review.connector_id)}reviewed {review.pk}"
        notice_person(review.submitter, review.organization, text, path_of(review), key, mail=False, kind=ANSWERS)


def path_of(review: Review) -> str:
    return reverse("reviews:detail", args=[review.pk])


def _key(review: Review) -> str:
    return f"{about_connector(review.connector_id)}review {review.pk}"
