"""How a person hears of each kind of matter: by the way that they chose, or else by the usual one."""

from __future__ import annotations

from uuid import UUID

from harriet.people.models import NotificationChoice
from harriet.people.notifications.channels.registry import CHANNELS
from harriet.people.notifications.kinds import KINDS


def channels_of(user_id: UUID) -> dict[str, str]:
    """From each kind's code to a channel's."""
    chosen = dict(NotificationChoice.objects.filter(user=user_id).values_list("kind", "channel"))
    return {
        code: chosen[code] if not kind.is_fixed and chosen.get(code) in CHANNELS else kind.channel
        for code, kind in KINDS.items()
    }
