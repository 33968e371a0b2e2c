"""Block a connector in review: nobody calls it until it was submitted again and approved."""

from __future__ import annotations

from django.db import transaction

from audit.actor import Actor
from audit.record import record
from connectors.actions.decide_review import ReviewMoved, close_review, hold_review, said
from connectors.actions.tell_reviewers import tell_submitter
from connectors.audit_labels import connector_label
from connectors.errors import ConnectorError
from connectors.events import ReviewBlocked
from connectors.models import Connector, Review


def block_connector(review: Review, *, seen: str | None, words: str, actor: Actor) -> Review:
    """Raises NotAllowed, ReviewMoved, and ConnectorError without a reason."""
    text = said(words)
    if not text:
        raise ConnectorError("Say why it is blocked: whoever submitted it is told.", field="words")
    with transaction.atomic():
        held = hold_review(review, seen=seen, actor=actor)
        if not held.moved:
            close_review(held, Review.State.BLOCKED, text, standing=Connector.Standing.BLOCKED, actor=actor)
            connector = held.review.connector
            event = ReviewBlocked(connector=connector_label(connector), reason=text)
            record(event, organization_id=connector.organization_id, actor=actor)
            tell_submitter(held.review, f"was blocked in review: {text}")
            return held.review
    raise ReviewMoved(held.review.connector, held.moved)
