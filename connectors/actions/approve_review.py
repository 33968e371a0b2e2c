"""Approve a connector, exactly as the reviewer saw it; or, by an owner with a reason, although it is Critical."""

from __future__ import annotations

from django.db import transaction

from audit.actor import Actor
from audit.record import record
from connectors.actions.decide_review import Held, ReviewMoved, close_review, hold_review, said
from connectors.actions.note_definition import assess
from connectors.actions.tell_reviewers import tell_submitter
from connectors.audit_labels import connector_label
from connectors.errors import ConnectorError
from connectors.events import ReviewApproved, ReviewOverridden
from connectors.findings.score import Band, band_of
from connectors.models import Assessment, Review
from connectors.reviewers import is_own
from harriet.people.roles import Role

CRITICAL = (
    "It is Critical, so it can’t be approved. Block it or request changes; an owner may override that with a reason."
)
LONGEST_REASON = 500


def approve_review(
    review: Review, *, seen: str | None, words: str = "", override_reason: str = "", actor: Actor
) -> Review:
    """Raises NotAllowed; ReviewMoved when it changed since, which is kept; ConnectorError for a Critical one."""
    text, reason = said(words), override_reason.strip().replace("\0", "")
    with transaction.atomic():
        held = hold_review(review, seen=seen, actor=actor)
        if not held.moved:
            _approve(held, text, _checked(held, reason), actor=actor)
            return held.review
    raise ReviewMoved(held.review.connector, held.moved)


def _checked(held: Held, reason: str) -> str:
    """The reason of an override; empty for what needs none."""
    if band_of(held.review.score) != Band.CRITICAL:
        return ""
    if held.who is None or held.who.role != Role.OWNER:
        raise ConnectorError(CRITICAL)
    if not reason:
        raise ConnectorError("Say why it is approved although it is Critical.", field="override_reason")
    if len(reason) > LONGEST_REASON:
        raise ConnectorError(f"Give the reason in at most {LONGEST_REASON} characters.", field="override_reason")
    return reason


def _approve(held: Held, words: str, reason: str, *, actor: Actor) -> None:
    review, connector = held.review, held.review.connector
    close_review(held, Review.State.APPROVED, words, override_reason=reason, actor=actor)
    Assessment.objects.filter(connector=connector).update(makers=[])
    assess(connector)  # what changed since the last approval is none any more
    label, digest = connector_label(connector), bytes(review.digest).hex()
    own = "their own" if held.who and is_own(review, held.who) else "somebody else’s"
    event = ReviewApproved(connector=label, score=review.score, band=band_of(review.score), digest=digest, whose=own)
    record(event, organization_id=connector.organization_id, actor=actor)
    if reason:
        record(
            ReviewOverridden(connector=label, reason=reason, score=review.score, digest=digest),
            organization_id=connector.organization_id,
            actor=actor,
        )
    tell_submitter(review, "was approved: its tools can be called.")
