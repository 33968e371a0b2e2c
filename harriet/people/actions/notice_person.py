"""Puts a line into one person's inbox and, when asked, sends it as they like it; the same key is noticed once."""

from __future__ import annotations

from harriet.people.actions.tell_people import tell_people
from harriet.people.models import Organization, User
from harriet.people.notifications.kinds import FOR_YOU, INVITATION, Kind, Matter


def notice_person(
    user: User, organization: Organization, text: str, path: str, key: str, mail: bool, kind: Kind | None = None
) -> bool:
    """True when it is news. Without `mail` and a kind that says otherwise, the inbox alone has it."""
    kind = kind or (FOR_YOU if mail else INVITATION)
    return bool(tell_people(Matter(kind, organization.pk, key, text, path), [user.pk]))
