"""How a connector stands in review, above its pages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from connectors.findings.score import Band, band_of
from connectors.models import Connector, Review
from connectors.queries import standing_reviews_of
from connectors.review_words import HUES, standing_words
from connectors.reviewers import nobody_may, refusal
from connectors.states import ShownState
from harriet.people.models import Membership
from harriet.people.permissions import has_power
from harriet.people.roles import Power


@dataclass(frozen=True, slots=True)
class Standing:
    connector: Connector
    review: Review | None
    """The newest; None for one that was there before there were reviews."""
    overrides: list[Review] = field(default_factory=list)
    """Approvals although it was Critical."""

    @property
    def words(self) -> str:
        if said := standing_words(self.connector):
            return said
        is_open = self.review is not None and self.review.state == Review.State.WAITING
        return "A change waits for review. The connector serves calls meanwhile." if is_open else ""

    @property
    def said(self) -> str:
        """Why it was sent back, in the reviewer's words."""
        is_back = self.review is not None and self.review.state in {Review.State.CHANGES, Review.State.BLOCKED}
        return self.review.words if self.review is not None and is_back else ""

    @property
    def is_blocked(self) -> bool:
        return self.connector.review == Connector.Standing.BLOCKED

    @property
    def band(self) -> ShownState | None:
        if self.review is None:
            return None
        band = band_of(self.review.score)
        return ShownState(HUES[band], f"{self.review.score} of 100 · {band}")


class OwnReview(NamedTuple):
    """What somebody may do at the spot with what they have just submitted."""

    review: Review
    seen: str
    is_alone: bool
    """Nobody may review it yet: an owner allows that with it. Otherwise the person may already."""


def own_review(standing: Standing, membership: Membership) -> OwnReview | None:
    """None where somebody else decides, or nothing is to be decided, or it is Critical."""
    review = standing.review
    if review is None or review.state != Review.State.WAITING or band_of(review.score) == Band.CRITICAL:
        return None
    seen = bytes(review.digest).hex()
    if not refusal(review, membership):
        return OwnReview(review, seen, is_alone=False)
    is_alone = has_power(membership, Power.MANAGE_ORGANIZATION) and nobody_may(review)
    return OwnReview(review, seen, is_alone=True) if is_alone else None


def standing_of(connector: Connector) -> Standing:
    found = standing_reviews_of(connector)
    return Standing(connector, found[0] if found else None, [one for one in found if one.override_reason])
