"""Send a connector back from review, with words for whoever submitted it: to be changed, or blocked. Nobody calls it
until it was submitted again and approved."""

from __future__ import annotations

from django.db import transaction

from audit.actor import Actor, Label
from audit.record import record
from connectors.actions.decide_review import ReviewMoved, close_review, hold_review, said
from connectors.actions.tell_reviewers import tell_submitter
from connectors.audit_labels import connector_label
from connectors.errors import ConnectorError
from connectors.events import ReviewBlocked, ReviewChangesRequested
from connectors.models import Review

State = Review.State
_ASKS = {State.CHANGES: "Say what is to be changed", State.BLOCKED: "Say why it is blocked"}
_BECAME = {State.CHANGES: "needs changes before it is approved", State.BLOCKED: "was blocked in review"}


def request_changes(review: Review, *, seen: str | None, words: str, actor: Actor) -> Review:
    """Raises NotAllowed, ReviewMoved, and ConnectorError without words."""
    return _send_back(review, State.CHANGES, seen, words, actor)


def block_connector(review: Review, *, seen: str | None, words: str, actor: Actor) -> Review:
    """Raises NotAllowed, ReviewMoved, and ConnectorError without a reason."""
    return _send_back(review, State.BLOCKED, seen, words, actor)


def _send_back(review: Review, state: Review.State, seen: str | None, words: str, actor: Actor) -> Review:
    text = said(words)
    if not text:
        raise ConnectorError(f"{_ASKS[state]}: whoever submitted it is told.", field="words")
    with transaction.atomic():
        held = hold_review(review, seen=seen, actor=actor)
        if not held.moved:
            close_review(held, state, text, actor=actor)
            connector = held.review.connector
            event = _event(state, connector_label(connector), text)
            record(event, organization_id=connector.organization_id, actor=actor)
            tell_submitter(held.review, f"{_BECAME[state]}: {text}")
            return held.review
    raise ReviewMoved(held.review.connector, held.moved)


def _event(state: Review.State, connector: Label, text: str) -> ReviewBlocked | ReviewChangesRequested:
    if state == State.BLOCKED:
        return ReviewBlocked(connector=connector, reason=text)
    return ReviewChangesRequested(connector=connector, wanted=text)
