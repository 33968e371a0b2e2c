"""Withdraws what somebody who left has begun: no code of theirs sets up a device when they come back."""

from __future__ import annotations

from django.db.models.functions import Now

from harriet.people.actions.invite_device import matter_of
from harriet.people.actions.settle_matter import settle_matter
from harriet.people.endings import Ending
from harriet.people.queries import open_device_invitations


def end_device_invitations(ending: Ending) -> None:
    """No event of its own: that their access ended is one."""
    mine = open_device_invitations().filter(organization=ending.organization_id, user=ending.user_id)
    for one in mine.select_for_update(of=("self",)).order_by("pk"):
        settle_matter(ending.organization_id, matter_of(one))
    mine.update(withdrawn_at=Now(), code_hash=None)
