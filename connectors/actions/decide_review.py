"""What every decision on a review shares: who may, the lock, and that it is about what they saw."""

from __future__ import annotations

from typing import NamedTuple

from django.db.models.functions import Now

from audit.actor import Actor
from connectors.actions.note_definition import note_definition
from connectors.actions.tell_reviewers import settle_review
from connectors.errors import ConnectorError
from connectors.models import Connector, Review
from connectors.reviewers import refusal
from harriet.people.actors import OPERATOR
from harriet.people.errors import NotAllowed
from harriet.people.models import Membership
from harriet.people.permissions import membership_of_actor
from harriet.people.version import move_version

LONGEST_WORDS = 2_000
"""Characters."""
DECIDED_IN_PERSON = "A token reads reviews. A person decides on them, signed in to Harriet in the browser."


class ReviewMoved(ConnectorError):
    """It is not what they saw any more."""

    def __init__(self, connector: Connector, changes: list[str]) -> None:
        super().__init__(
            f"Nothing was decided: {connector} was changed since you opened this page ({', '.join(changes)}). What is "
            "shown now is the newest; look at it, then decide."
        )


class Held(NamedTuple):
    """A review that waits, locked with its connector."""

    review: Review
    who: Membership | None
    """None for whoever operates the machine."""
    moved: list[str]
    """What changed since they looked, in words; empty when they saw what there is."""


def hold_review(review: Review, *, seen: str | None, actor: Actor) -> Held:
    """Inside a transaction. `seen` is the digest that the page showed; None takes what there is. Raises NotAllowed, and
    ConnectorError for one that was decided."""
    connector = (
        Connector.objects.select_for_update(no_key=True, of=("self",))
        .select_related("organization")
        .get(pk=review.connector_id)
    )
    note_definition(connector, by=None, actor=actor)
    held = Review.objects.select_for_update(of=("self",)).select_related("submitter", "organization").get(pk=review.pk)
    held.connector = connector
    if held.state != Review.State.WAITING:
        decider = held.reviewer_label or "somebody"
        raise ConnectorError(f"Nothing was changed: {decider} has decided already. {held.get_state_display()}.")
    who = _demand(held, actor)
    return Held(held, who, _moved(held, seen))


def close_review(
    held: Held,
    state: Review.State,
    words: str,
    *,
    override_reason: str = "",
    actor: Actor,
) -> None:
    """The connector stands from now on as its review does."""
    review, connector = held.review, held.review.connector
    review.state, review.words, review.override_reason = state, words, override_reason
    review.reviewer = held.who.user if held.who else None
    review.reviewer_label = held.who.user.email if held.who else OPERATOR
    review.save(update_fields=["state", "words", "override_reason", "reviewer", "reviewer_label"])
    Review.objects.filter(pk=review.pk).update(decided_at=Now())
    review.refresh_from_db(fields=["decided_at"])
    connector.review = Connector.Standing(state.value)
    connector.save(update_fields=["review"])
    settle_review(review)
    move_version(connector.organization_id)


def said(words: str) -> str:
    """Raises ConnectorError for more than a page shows."""
    text = words.strip().replace("\0", "")
    if len(text) > LONGEST_WORDS:
        raise ConnectorError(f"Say it in at most {LONGEST_WORDS} characters.", field="words")
    return text


def _demand(review: Review, actor: Actor) -> Membership | None:
    if actor.kind == "system":
        return None
    if actor.kind == "token":
        raise NotAllowed(DECIDED_IN_PERSON)
    membership = membership_of_actor(actor, review.organization)
    why = refusal(review, membership) if membership else "You are not active in this organization."
    if membership is None or why:
        raise NotAllowed(why)
    return membership


def _moved(review: Review, seen: str | None) -> list[str]:
    if seen is None or bytes(review.digest).hex() == seen:
        return []
    known = [version["digest"] for version in review.versions]
    since = review.versions[known.index(seen) :] if seen in known else []
    return list(dict.fromkeys(one for version in since for one in version["changed"])) or ["its definition"]
