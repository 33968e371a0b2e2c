"""Put a connector into the queue, or its newest definition into the review that waits there already."""

from __future__ import annotations

from audit.actor import Actor
from audit.record import record
from connectors.actions.tell_reviewers import tell_reviewers
from connectors.audit_labels import connector_label
from connectors.events import ReviewChanged, ReviewSubmitted
from connectors.findings.score import band_of
from connectors.models import Assessment, Connector, Review
from harriet.people.models import User

MOST_VERSIONS = 50
"""Changes of what waits that a review remembers."""


def open_review(
    connector: Connector,
    assessed: Assessment,
    cause: str,
    *,
    is_in_service: bool,
    submitter: User | None,
    actor: Actor,
) -> Review:
    """Inside a transaction that holds the connector's row; none waits yet."""
    review = Review.objects.create(
        organization_id=connector.organization_id,
        connector=connector,
        submitter=submitter,
        submitter_label=submitter.email if submitter else actor.label,
        makers=assessed.makers,
        cause=cause if len(cause) <= 300 else f"{cause[:299]}…",
        is_in_service=is_in_service,
        **_as_assessed(assessed),
    )
    review.refresh_from_db(fields=["submitted_at"])
    record(
        ReviewSubmitted(
            connector=connector_label(connector),
            cause=review.cause,
            score=review.score,
            band=band_of(review.score),
            digest=bytes(review.digest).hex(),
        ),
        organization_id=connector.organization_id,
        actor=actor,
    )
    tell_reviewers(review)
    return review


def renew_review(
    review: Review, connector: Connector, assessed: Assessment, changes: list[str], *, actor: Actor
) -> None:
    """What waits is what there is now; whoever has the page of before open is told what moved."""
    version = {"digest": bytes(review.digest).hex(), "changed": changes}
    review.versions = [*review.versions, version][-MOST_VERSIONS:]
    review.makers = list(dict.fromkeys([*review.makers, *assessed.makers]))
    review.is_in_service = connector.review == Connector.Standing.APPROVED
    for name, value in _as_assessed(assessed).items():
        setattr(review, name, value)
    review.save()
    record(
        ReviewChanged(
            connector=connector_label(connector),
            changes=", ".join(changes),
            score=review.score,
            band=band_of(review.score),
            digest=bytes(review.digest).hex(),
        ),
        organization_id=connector.organization_id,
        actor=actor,
    )


def _as_assessed(assessed: Assessment) -> dict[str, object]:
    return {
        "digest": bytes(assessed.digest),
        "parts": assessed.parts,
        "findings": assessed.findings,
        "score": assessed.score,
    }
