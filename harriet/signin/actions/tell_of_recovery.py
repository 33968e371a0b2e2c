"""Tell a person, and the owners, that somebody helped them back in. No audit event: what was done has one."""

from __future__ import annotations

from audit.actor import Actor
from harriet.lib.ids import new_id
from harriet.people.actions.tell_people import tell_people
from harriet.people.models import Membership
from harriet.people.notifications.kinds import SIGN_IN, Matter
from harriet.people.notifications.recipients import with_roles
from harriet.people.roles import Role

ACCOUNT = "/settings/account/"
"""A page of the console, some floors above."""
NOT_YOU = " If you did not ask for it, tell your IT team."


def tell_of_recovery(membership: Membership, text: str, *, actor: Actor) -> None:
    """Whoever did it knows."""
    hear = [membership.user_id, *with_roles(membership.organization_id, [Role.OWNER])]
    matter = Matter(SIGN_IN, membership.organization_id, f"recovery {new_id()}", text + NOT_YOU, ACCOUNT)
    tell_people(matter, [user_id for user_id in hear if user_id != actor.id])
