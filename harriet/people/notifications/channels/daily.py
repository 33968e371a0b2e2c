"""One mail a day, in the morning, with all that happened since the last."""

from __future__ import annotations

from datetime import datetime, timedelta

from harriet.people.notifications.channels.mail import Mail

HOUR = 7
"""Of the day, in UTC."""


class Daily(Mail):
    label = f"Inbox, and one mail a day ({HOUR}:00 UTC)"

    def due(self, now: datetime) -> datetime | None:
        today = now.replace(hour=HOUR, minute=0, second=0, microsecond=0)
        return today if now <= today else today + timedelta(days=1)
