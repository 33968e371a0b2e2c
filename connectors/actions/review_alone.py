"""Where nobody else could review a connector: an owner says once that owners and IT admins review their own, and
approves it."""

from __future__ import annotations

from django.db import transaction

from audit.actor import Actor
from connectors.actions.approve_review import approve_review
from connectors.errors import ConnectorError
from connectors.models import Review
from connectors.reviewers import nobody_may
from harriet.people.actions.set_own_reviews import set_own_reviews

REASON = "Nobody else in the organization could review a connector."


@transaction.atomic
def review_alone(review: Review, *, seen: str, actor: Actor) -> Review:
    """Both or nothing. Raises NotAllowed for anybody but an owner, and ConnectorError where somebody may review it."""
    if not nobody_may(review):
        raise ConnectorError("Somebody else can review it by now, so nothing was changed.")
    set_own_reviews(review.organization, True, reason=REASON, actor=actor)
    return approve_review(review, seen=seen, actor=actor)
