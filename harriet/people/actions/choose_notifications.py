"""Notes how a person wants to hear of each kind of matter. No audit event: it is their own inbox and mail."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from harriet.people.errors import PeopleError
from harriet.people.models import NotificationChoice, User
from harriet.people.notifications.channels.registry import CHANNELS
from harriet.people.notifications.kinds import KINDS


@transaction.atomic
def choose_notifications(user: User, chosen: Mapping[str, str]) -> None:
    """From a kind's code to a channel. Raises PeopleError for what can't be chosen."""
    for code, channel in chosen.items():
        kind = KINDS.get(code)
        if kind is None or kind.is_fixed or channel not in CHANNELS:
            raise PeopleError("This can't be chosen. Reload the page and choose again.", field=code)
        mine = NotificationChoice.objects.filter(user=user, kind=code)
        if channel == kind.channel:
            mine.delete()
        else:
            NotificationChoice.objects.update_or_create(user=user, kind=code, defaults={"channel": channel})
