"""Who may decide on a review, and for everybody else the sentence that says why not.

Nobody reviews what they made, began or changed; nor with an account that such a person could be using, nor with a role
that such a person gave them after it was submitted. An owner may say that owners and IT admins review their own.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from connectors.models import Review
from harriet.people.models import Membership, Organization, RightGiven
from harriet.people.notifications.recipients import active_here
from harriet.people.permissions import has_power
from harriet.people.roles import Power, Role, roles_with
from harriet.people.vouching import above, below, could_be_used, owners_among, vouchers_of

MOST_ASKED = 200
"""People who are looked at for whether anybody may decide."""
_OWN_REVIEWERS = (Role.OWNER, Role.MCP_ADMIN)

NO_REVIEWER = "You may not review connectors. Ask an owner for the role Reviewer."
OWN = "You submitted or changed this connector yourself: somebody else reviews it."
VOUCHED = (
    "You handed over the link with which the account of somebody who made this was set up, so it could be you. "
    "Somebody else reviews it, until the account’s owner has proved the address by mail."
)
USED = (
    "Whoever handed over the link to your account made this, or could have, so your review would prove nothing yet. "
    "Prove your address by mail first."
)
GIVEN = (
    "Somebody who made this gave you your role only after it was submitted, so somebody else reviews it. What is "
    "submitted from now on is yours to review."
)


@dataclass(frozen=True, slots=True)
class Side:
    """Whoever made what is reviewed, and everybody as whom they could act."""

    makers: frozenset[UUID]
    vouchers: frozenset[UUID]
    owners: frozenset[UUID]
    given: frozenset[UUID]
    """Those to whom one of them, or they themselves, gave the right to review only after it was submitted."""
    allows_own: bool
    """Owners and IT admins review their own here."""


def refusal(review: Review, membership: Membership) -> str:
    """Why this person may not decide on the review; empty when they may."""
    return _refusals(review, [membership])[0]


def allows_own_reviews(organization_id: UUID) -> bool:
    """As it stands now, whatever a caller read before."""
    return Organization.objects.filter(pk=organization_id, allows_own_reviews=True).exists()


def is_own(review: Review, membership: Membership) -> bool:
    return membership.user_id in makers_of(review)


def makers_of(review: Review) -> set[UUID]:
    named = {UUID(one) for one in review.makers}
    return named | {review.submitter_id} if review.submitter_id else named


def reviewers_of(review: Review) -> list[Membership]:
    """Everybody who may decide on it now; in as many queries for many as for one."""
    people = list(_reviewing(review.organization_id).order_by("pk")[:MOST_ASKED])
    return [one for one, why_not in zip(people, _refusals(review, people), strict=True) if not why_not]


def nobody_may(review: Review) -> bool:
    return not reviewers_of(review)


def refusal_and_nobody(review: Review, membership: Membership) -> tuple[str, bool]:
    """What `refusal` says of this person, and what `nobody_may` says of all, asked together."""
    people = [membership, *_reviewing(review.organization_id).order_by("pk")[:MOST_ASKED]]
    mine, *others = _refusals(review, people)
    return mine, all(others)


def _reviewing(organization_id: UUID) -> QuerySet[Membership]:
    people = active_here(organization_id).filter(role__in=roles_with(Power.REVIEW_CONNECTORS))
    return people.select_related("user", "organization")


def _refusals(review: Review, people: Sequence[Membership]) -> list[str]:
    side, vouchers = _side(review, [one.user_id for one in people]), vouchers_of(people)
    return [_refusal(side, one, vouchers[one.user_id]) for one in people]


def _refusal(side: Side, membership: Membership, vouchers: set[UUID]) -> str:
    user_id = membership.user_id
    if not has_power(membership, Power.REVIEW_CONNECTORS):
        return NO_REVIEWER
    if side.allows_own and membership.role in _OWN_REVIEWERS:
        return ""
    if user_id in side.makers:
        return OWN
    if user_id in side.vouchers:
        return VOUCHED
    if could_be_used(vouchers, side):
        return USED
    return GIVEN if user_id in side.given else ""


def _side(review: Review, people: Collection[UUID]) -> Side:
    makers = makers_of(review)
    vouchers = above(makers)
    return Side(
        makers=frozenset(makers),
        vouchers=frozenset(vouchers),
        owners=frozenset(owners_among(review.organization_id, vouchers)),
        given=frozenset(_given_since(review, people, makers | vouchers)),
        allows_own=allows_own_reviews(review.organization_id),
    )


def _given_since(review: Review, people: Collection[UUID], side: set[UUID]) -> set[UUID]:
    given = RightGiven.objects.filter(
        organization=review.organization_id, way=RightGiven.Way.REVIEW, to_id__in=people, at__gt=review.submitted_at
    )
    rows = list(given.values_list("to_id", "by_id"))
    givers = side | below(makers_of(review)) if rows else side
    return {to for to, by in rows if by in givers or by == to}
