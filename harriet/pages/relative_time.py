"""Time in words: "5 minutes ago", "in 3 days". The exact one stands beside it on every page."""

from __future__ import annotations

from datetime import UTC, datetime

from django.utils import timezone

_UNITS = ((86400 * 365, "year"), (86400 * 30, "month"), (86400, "day"), (3600, "hour"), (60, "minute"))


def relative(moment: datetime, now: datetime | None = None) -> str:
    seconds = int((moment - (now or timezone.now())).total_seconds())
    if abs(seconds) < 60:
        return "just now" if seconds <= 0 else "in under a minute"
    size, unit = next((size, unit) for size, unit in _UNITS if abs(seconds) >= size)
    count = abs(seconds) // size
    words = f"{count} {unit}" if count == 1 else f"{count} {unit}s"
    return f"in {words}" if seconds > 0 else f"{words} ago"


def by_the_clock(moment: datetime, now: datetime | None = None) -> str:
    """For what is due soon: "today, 14:05 UTC", "tomorrow, 14:05 UTC", "31 May, 14:05 UTC"."""
    when = moment.astimezone(UTC)
    days = (when.date() - (now or timezone.now()).astimezone(UTC).date()).days
    day = {0: "today", 1: "tomorrow"}.get(days, when.strftime("%-d %B"))
    return f"{day}, {when.strftime('%H:%M')} UTC"


def exact(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%-d %B %Y, %H:%M:%S UTC")
