"""Moments as whole microseconds since 1970, as PostgreSQL counts them: exact, where a float isn't."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ONE = timedelta(microseconds=1)


def microseconds_of(moment: datetime) -> int:
    """Of a moment with a time zone; before 1970 they are negative."""
    return (moment - _EPOCH) // _ONE


def moment_at(microseconds: int) -> datetime:
    """In UTC. Raises OverflowError beyond the year 9999."""
    return _EPOCH + microseconds * _ONE
