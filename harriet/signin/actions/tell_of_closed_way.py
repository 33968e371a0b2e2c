"""Tells owners that somebody's AI clients wait for a sign-in that nobody can make: no identity provider is on."""

from __future__ import annotations

from harriet.people.actions.tell_people import tell_people
from harriet.people.models import Membership, Notice
from harriet.people.notifications.kinds import SIGN_IN, Matter
from harriet.people.notifications.recipients import with_roles
from harriet.people.roles import Role

CLOSED_WAY = "closed way"
_TEXT = (
    "{email} waits with their AI clients for a sign-in through your identity provider, and none is switched on. Switch "
    "one on, or separate them from it on their page under People. Others may wait, too."
)


def tell_of_closed_way(membership: Membership) -> None:
    """Once, until a provider is switched on. No audit event: switching it off had one."""
    organization_id = membership.organization_id
    if Notice.objects.filter(organization=organization_id, key=CLOSED_WAY, settled_at=None).exists():
        return
    text = _TEXT.format(email=membership.user.email)
    matter = Matter(SIGN_IN, organization_id, CLOSED_WAY, text, "/settings/sign-in/")
    tell_people(matter, with_roles(organization_id, [Role.OWNER]))
