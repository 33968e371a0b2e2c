"""When something that is repeated is due: five cron fields, in a time zone that is said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

from croniter import CroniterError, croniter

from approvals.runs.steps.base import StepProblem

OFTENEST = timedelta(minutes=5)
_FIELDS = 5
_LOOKED_AT = 25
"""Times, for how near they are to each other."""
_HOW = (
    "Write five fields, such as “0 9 * * 1” for Mondays at 9: minute, hour, day of the month, month, day of the week."
)


def next_time(cron: str, time_zone: str, after: datetime) -> datetime:
    """The next one, in UTC: whatever was missed before `after` counts once at most. Raises StepProblem."""
    if time_zone not in available_timezones():
        raise StepProblem("There is no such time zone. Write one such as Europe/Vienna or UTC.", field="time_zone")
    if len(cron.split()) != _FIELDS:
        raise StepProblem(_HOW, field="cron")
    try:
        times = croniter(cron, after.astimezone(ZoneInfo(time_zone)), ret_type=datetime)
        coming = [times.get_next() for _ in range(_LOOKED_AT)]
    except (CroniterError, ValueError, OverflowError):
        raise StepProblem(f"These fields name no time. {_HOW}", field="cron") from None
    if min(later - sooner for sooner, later in pairwise(coming)) < OFTENEST:
        raise StepProblem("A workflow runs at most every five minutes by its schedule.", field="cron")
    return datetime.fromtimestamp(coming[0].timestamp(), UTC)
