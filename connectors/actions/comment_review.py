"""Say something on a review."""

from __future__ import annotations

from django.db import transaction

from audit.actor import Actor
from audit.record import record
from connectors.actions.decide_review import DECIDED_IN_PERSON, said
from connectors.actions.tell_reviewers import tell_submitter
from connectors.audit_labels import connector_label
from connectors.errors import ConnectorError
from connectors.events import ReviewCommented
from connectors.models import Review, ReviewComment
from harriet.people.errors import NotAllowed
from harriet.people.permissions import demand, membership_of_actor
from harriet.people.roles import Power

MOST_COMMENTS = 200


@transaction.atomic
def comment_review(review: Review, text: str, *, actor: Actor) -> ReviewComment:
    """Whoever sees company settings may. Raises NotAllowed, and ConnectorError for nothing said or too much."""
    demand(actor, review.organization, Power.VIEW_SETTINGS)
    who = membership_of_actor(actor, review.organization)
    if actor.kind != "person" or who is None:
        raise NotAllowed(DECIDED_IN_PERSON)
    words = said(text)
    if not words:
        raise ConnectorError("Write the comment first.", field="words")
    held = Review.objects.select_for_update(of=("self",)).get(pk=review.pk)
    if held.comments.count() >= MOST_COMMENTS:
        raise ConnectorError(f"A review has at most {MOST_COMMENTS} comments.", field="words")
    made = ReviewComment.objects.create(review=held, author=who.user, author_label=who.user.email, text=words)
    record(
        ReviewCommented(connector=connector_label(review.connector), said=words),
        organization_id=review.organization_id,
        actor=actor,
    )
    if review.submitter_id != who.user_id:
        tell_submitter(review, f"has a comment on its review: {words}")
    return made
