"""Say whether owners and IT admins may review what they submitted themselves."""

from __future__ import annotations

from django.db import transaction

from audit.actor import Actor
from audit.record import record
from harriet.people.errors import PeopleError
from harriet.people.events import OwnReviewsAllowed, OwnReviewsEnded
from harriet.people.models import Organization
from harriet.people.permissions import demand
from harriet.people.roles import Power

LONGEST_REASON = 300


@transaction.atomic
def set_own_reviews(organization: Organization, is_allowed: bool, *, reason: str = "", actor: Actor) -> bool:
    """False when it was so already. Raises NotAllowed for anybody but an owner, PeopleError without a reason."""
    demand(actor, organization, Power.MANAGE_ORGANIZATION)
    why = " ".join(reason.replace("\0", "").split())
    held = Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
    if held.allows_own_reviews == is_allowed:
        return False
    if is_allowed and not why:
        raise PeopleError("Say why: it is kept, and shown beside the reviews.", field="reason")
    if len(why) > LONGEST_REASON:
        raise PeopleError(f"Give the reason in at most {LONGEST_REASON} characters.", field="reason")
    held.allows_own_reviews, held.own_reviews_reason = is_allowed, why if is_allowed else ""
    held.save(update_fields=["allows_own_reviews", "own_reviews_reason"])
    organization.allows_own_reviews, organization.own_reviews_reason = held.allows_own_reviews, held.own_reviews_reason
    event = OwnReviewsAllowed(reason=why) if is_allowed else OwnReviewsEnded()
    record(event, organization_id=organization.pk, actor=actor)
    return True
