"""Where nobody else could review a connector: an owner says once that owners and IT admins review their own, and
approves it."""

from __future__ import annotations

from django.db import transaction

from audit.actor import Actor
from connectors.actions.approve_review import approve_review
from connectors.actions.note_definition import note_definition
from connectors.errors import ConnectorError
from connectors.models import Review
from connectors.reviewers import nobody_may
from harriet.people.actions.set_own_reviews import set_own_reviews
from harriet.people.permissions import demand
from harriet.people.roles import Power

REASON = "Nobody else in the organization could review a connector."


def review_alone(review: Review, *, seen: str, actor: Actor) -> Review:
    """Both or nothing. Raises NotAllowed for anybody but an owner, and ConnectorError where somebody may review it."""
    demand(actor, review.organization, Power.MANAGE_ORGANIZATION)
    if not nobody_may(review):
        raise ConnectorError("Somebody else can review it by now, so nothing was changed.")
    with transaction.atomic():  # what moved is kept whatever becomes of the rest, so that the page shows it
        note_definition(review.connector, by=None, actor=actor)
    with transaction.atomic():
        set_own_reviews(review.organization, True, reason=REASON, actor=actor)
        return approve_review(review, seen=seen, actor=actor)
