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


def time_left(moment: datetime, now: datetime | None = None) -> str:
    """How long something still waits: "23 h left", "2 h 5 min left", "4 min 10 s left"; harriet.js goes on so."""
    seconds = int((moment - (now or timezone.now())).total_seconds())
    if seconds <= 0:
        return "no time left"
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if days >= 2:
        return f"{days} days left"
    if hours:
        return f"{hours} h left" if hours >= 6 else f"{hours} h {minutes % 60} min left"
    return f"{minutes} min {seconds % 60} s left" if minutes else f"{seconds} s left"
