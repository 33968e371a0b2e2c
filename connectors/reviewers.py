"""Who may decide on a review, and for everybody else the sentence that says why not.

Nobody reviews what they made, began or changed; nor with an account that such a person could be using, nor with a role
that such a person gave them after it was submitted. An owner may say that owners and IT admins review their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from django.db.models import QuerySet

from connectors.models import Review
from harriet.people.models import Membership, Organization, RightGiven
from harriet.people.notifications.recipients import active_here
from harriet.people.permissions import has_power
from harriet.people.roles import Power, Role, roles_with
from harriet.people.vouching import above, below

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


def refusal(review: Review, membership: Membership) -> str:
    """Why this person may not decide on the review; empty when they may."""
    if not has_power(membership, Power.REVIEW_CONNECTORS):
        return NO_REVIEWER
    if membership.role in _OWN_REVIEWERS and allows_own_reviews(review.organization_id):
        return ""
    return _conflict(review, membership)


def allows_own_reviews(organization_id: UUID) -> bool:
    """As it stands now, whatever a caller read before."""
    return Organization.objects.filter(pk=organization_id, allows_own_reviews=True).exists()


def is_own(review: Review, membership: Membership) -> bool:
    return membership.user_id in makers_of(review)


def makers_of(review: Review) -> set[UUID]:
    named = {UUID(one) for one in review.makers}
    return named | {review.submitter_id} if review.submitter_id else named


def reviewers_of(review: Review) -> Iterator[Membership]:
    """Everybody who may decide on it now."""
    people = _reviewing(review.organization_id).order_by("pk")[:MOST_ASKED]
    return (one for one in people if not refusal(review, one))


def nobody_may(review: Review) -> bool:
    return next(reviewers_of(review), None) is None


def _reviewing(organization_id: UUID) -> QuerySet[Membership]:
    people = active_here(organization_id).filter(role__in=roles_with(Power.REVIEW_CONNECTORS))
    return people.select_related("user", "organization")


def _conflict(review: Review, membership: Membership) -> str:
    makers, user = makers_of(review), membership.user
    if user.pk in makers:
        return OWN
    vouchers = above(makers)
    if user.pk in vouchers:
        return VOUCHED
    mine = set() if user.is_proven else above({user.pk})
    if mine & makers or (mine & vouchers) - _owners_among(review.organization_id, vouchers):
        return USED
    everybody = makers | vouchers | below(makers)
    given = RightGiven.objects.filter(
        organization=review.organization_id,
        way=RightGiven.Way.REVIEW,
        to_id=user.pk,
        at__gt=review.submitted_at,
        by__in=everybody | {user.pk},
    )
    return GIVEN if given.exists() else ""


def _owners_among(organization_id: UUID, user_ids: set[UUID]) -> set[UUID]:
    owners = active_here(organization_id).filter(role=Role.OWNER, user__in=user_ids)
    return set(owners.values_list("user_id", flat=True))
