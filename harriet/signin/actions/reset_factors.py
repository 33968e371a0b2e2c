"""Remove all second factors of somebody who lost them, by whoever manages people: the password alone signs them in."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.db import transaction

from audit.actor import Actor
from audit.record import record
from harriet.people.actors import person_label
from harriet.people.errors import PeopleError
from harriet.people.models import Membership, SignInRule
from harriet.people.recovery_rules import check_may_recover
from harriet.signin.actions.tell_of_recovery import tell_of_recovery
from harriet.signin.events import FactorsReset


@transaction.atomic
def reset_factors(membership: Membership, *, actor: Actor) -> int:
    """How many there were. Raises NotAllowed, and PeopleError when there are none."""
    check_may_recover(membership, actor=actor)
    if SignInRule.objects.filter(is_enforced=True, break_glass=membership.user).exists():
        raise PeopleError(f"{membership.user.email} gets in without single sign-on. Name another owner for that first.")
    factors = Authenticator.objects.filter(user=membership.user)
    count: int = factors.count()
    factors.delete()
    if not count:
        raise PeopleError(f"{membership.user.email} has no second factor.")
    record(
        FactorsReset(person=person_label(membership.user), count=count),
        organization_id=membership.organization_id,
        actor=actor,
    )
    tell_of_recovery(membership, f"{actor.label} removed the second factors of {membership.user.email}.", actor=actor)
    return count
