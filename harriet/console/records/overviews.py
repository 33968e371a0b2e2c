"""What the installation's operators see: counts and health of every organization.

Nothing is counted beyond a bound, so that the page costs the same however much there is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from audit.events import CALL_INTENT, CALL_REFUSED
from audit.models import Checkpoint
from audit.verification.checkpoints import last_verifications
from connectors.models import Connector
from harriet.pages.counts import AtMost, as_at_most

PAGE = 25
MOST = 1_000
"""Of people and connectors; more are "1000+"."""
MOST_CALLS = 10_000


class Counted(NamedTuple):
    """An organization as the database counts it."""

    id: UUID
    slug: str
    name: str
    people: int
    working: int
    down: int
    needs_admin: int
    unchecked: int
    calls: int
    refused: int
    sealed: int


@dataclass(frozen=True, slots=True)
class Overview:
    """One organization's line."""

    slug: str
    name: str
    people: AtMost
    working: AtMost
    down: AtMost
    needs_admin: AtMost
    unchecked: AtMost
    """Active connectors, by health."""
    calls: AtMost
    refused: AtMost
    """Of the last 24 hours."""
    sealed: int
    """Events in the chain, as its mark keeps count."""
    verification: Checkpoint | None


def _bounded(table: str, condition: str, bound: str) -> str:
    return (
        f"(SELECT count(*) FROM (SELECT 1 FROM {table} t"  # noqa: S608  # names of our own alone
        f" WHERE t.organization_id = o.id AND {condition} LIMIT %({bound})s + 1) bounded)"
    )


def _health(word: str) -> str:
    return _bounded("connectors_connector", f"t.state = %(active)s AND t.health = %({word})s", "most")


def _lately(code: str) -> str:
    condition = f"t.code = %({code})s AND t.recorded_at > now() - interval '1 day'"
    return _bounded("audit_event", condition, "most_calls")


_COUNTED = (
    f"SELECT o.id, o.slug, o.name, {_bounded('people_membership', 't.is_active', 'most')},"  # noqa: S608
    f" {_health('up')}, {_health('down')}, {_health('operator')}, {_health('unknown')},"
    f" {_lately('intent')}, {_lately('refused')},"
    " coalesce((SELECT m.events FROM audit_mark m WHERE m.organization_id = o.id), 0)"
    " FROM people_organization o WHERE o.slug > %(after)s ORDER BY o.slug LIMIT %(page)s + 1"
)


def overviews(after: str) -> tuple[list[Overview], str]:
    """A page of organizations in the order of their short names, and where the next page begins; empty on the last."""
    values: dict[str, str | int] = {
        "most": MOST,
        "most_calls": MOST_CALLS,
        "active": Connector.State.ACTIVE,
        **{str(health): str(health) for health in Connector.Health.values},
        "intent": CALL_INTENT,
        "refused": CALL_REFUSED,
        "after": after,
        "page": PAGE,
    }
    with connection.cursor() as cursor:
        cursor.execute(_COUNTED, values)
        rows = [Counted(*row) for row in cursor.fetchall()]
    verified = last_verifications([row.id for row in rows])
    shown = [_overview(row, verified.get(row.id)) for row in rows[:PAGE]]
    return shown, shown[-1].slug if len(rows) > PAGE else ""


def _overview(row: Counted, verification: Checkpoint | None) -> Overview:
    return Overview(
        row.slug,
        row.name,
        people=as_at_most(row.people, MOST),
        working=as_at_most(row.working, MOST),
        down=as_at_most(row.down, MOST),
        needs_admin=as_at_most(row.needs_admin, MOST),
        unchecked=as_at_most(row.unchecked, MOST),
        calls=as_at_most(row.calls, MOST_CALLS),
        refused=as_at_most(row.refused, MOST_CALLS),
        sealed=row.sealed,
        verification=verification,
    )
