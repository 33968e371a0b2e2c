"""Wait until a moment, or for a time."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from approvals.runs.steps.base import Known, Scope, Settings, StepProblem, WaitsUntil
from approvals.runs.steps.filling import check_expression, value_of

LONGEST = timedelta(days=366)
_FOR = re.compile(r"\s*(\d{1,6})\s*(seconds?|minutes?|hours?|days?|s|m|h|d)\s*", re.IGNORECASE)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_HOW = "Write a duration such as 30 minutes or 2 days, a moment such as 2027-01-31T09:00:00Z, or = and an expression."


class WaitUntil:
    code = "until"
    label = "Wait until"
    meaning = "Waits for a duration, or until a moment, which may come from an input or an earlier answer."

    def check(self, settings: Settings, known: Known) -> None:
        text = settings.get("until")
        if not isinstance(text, str) or not text.strip():
            raise StepProblem(_HOW, field="until")
        if text.startswith("="):
            check_expression(text[1:], known, "until")
        else:
            _moment(text, datetime.now(UTC))

    def begin(self, settings: Settings, scope: Scope) -> WaitsUntil:
        text = settings["until"]
        return WaitsUntil(_moment(value_of(text[1:], scope) if text.startswith("=") else text, scope.now))

    def words(self, settings: Settings) -> str:
        text = str(settings.get("until", ""))
        return f"Waits for {text}" if _FOR.fullmatch(text) else f"Waits until {text}"


def _moment(value: object, now: datetime) -> datetime:
    """Raises StepProblem."""
    if isinstance(value, str) and (found := _FOR.fullmatch(value)):
        moment = now + timedelta(**{_UNITS[found[2][0].lower()]: int(found[1])})
    else:
        moment = _parsed(value)
    if moment - now > LONGEST:
        raise StepProblem(f"A run waits for at most {LONGEST.days} days.", field="until")
    return moment


def _parsed(value: object) -> datetime:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None:
        raise StepProblem(f"This is no moment and no duration. {_HOW}", field="until")
    if moment.tzinfo is None:
        raise StepProblem("Say the time zone of the moment, such as Z or +01:00 at its end.", field="until")
    return moment
