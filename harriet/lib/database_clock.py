"""The time by which all processes go: the database's."""

from datetime import datetime

from django.db import connection


def database_now() -> datetime:
    """At this moment, also within a transaction, where `now()` stands still."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now
