"""Ends somebody's access because the directory says so, but for the one owner who must stay."""

from __future__ import annotations

from audit.actor import Actor
from harriet.people.actions.deactivate_person import deactivate_person
from harriet.people.errors import PeopleError
from harriet.people.models import Membership, SignInRule


def end_for_directory(membership: Membership, *, actor: Actor) -> None:
    """Raises PeopleError for the last owner, and for the owner who gets in while the provider is down: both may be the
    same fault of one directory, and nobody could mend it then."""
    mine = SignInRule.objects.filter(organization=membership.organization_id, break_glass=membership.user_id)
    if mine.filter(is_enforced=True).exists():
        raise PeopleError(
            "This is the owner who gets in without single sign-on. Name another one under Sign-in first.", field="role"
        )
    deactivate_person(membership, actor=actor)
