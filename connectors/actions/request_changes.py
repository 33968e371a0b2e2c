"""Send a connector back from review: whoever submitted it hears what is to be changed, and submits it again."""

from __future__ import annotations

from django.db import transaction

from audit.actor import Actor
from audit.record import record
from connectors.actions.decide_review import ReviewMoved, close_review, hold_review, said
from connectors.actions.tell_reviewers import tell_submitter
from connectors.audit_labels import connector_label
from connectors.errors import ConnectorError
from connectors.events import ReviewChangesRequested
from connectors.models import Connector, Review


def request_changes(review: Review, *, seen: str | None, words: str, actor: Actor) -> Review:
    """Raises NotAllowed, ReviewMoved, and ConnectorError without words."""
    text = said(words)
    if not text:
        raise ConnectorError("Say what is to be changed: whoever submitted it is told.", field="words")
    with transaction.atomic():
        held = hold_review(review, seen=seen, actor=actor)
        if not held.moved:
            close_review(held, Review.State.CHANGES, text, standing=Connector.Standing.CHANGES, actor=actor)
            connector = held.review.connector
            event = ReviewChangesRequested(connector=connector_label(connector), wanted=text)
            record(event, organization_id=connector.organization_id, actor=actor)
            tell_submitter(held.review, f"needs changes before it is approved: {text}")
            return held.review
    raise ReviewMoved(held.review.connector, held.moved)
