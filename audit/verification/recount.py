"""Calls counted again from the sealed events, beside what was kept: the two are the same, or somebody is told."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from audit.call_counts import DAYS_KEPT, HOURS_KEPT, KINDS
from audit.chain.sealing import wait_for_turn
from audit.chain.seals import SEALS_AT_ONCE, is_ours, seals_after

_COUNTED = f"""WITH held AS (
  SELECT DISTINCT unnest(event_ids) AS id FROM audit_seal
  WHERE organization_id = %(organization)s AND NOT id = ANY(%(foreign)s::uuid[])),
calls AS (
  SELECT organization_id, connector_id, tool_id, {KINDS} AS what,
    date_trunc('day', recorded_at, 'UTC') AS day, date_trunc('hour', recorded_at, 'UTC') AS hour
  FROM audit_event JOIN held USING (id)
  WHERE organization_id = %(organization)s AND isfinite(recorded_at)
    AND code IN ('call.intent', 'call.outcome', 'call.held', 'call.refused')),
counted AS (
  SELECT 'organization' AS of, organization_id AS subject_id, day AS since, what, count(*) AS calls
  FROM calls GROUP BY 2, 3, 4 UNION ALL
  SELECT 'connector', connector_id, hour, what, count(*) FROM calls
  WHERE what = 'called' AND connector_id IS NOT NULL AND hour >= now() - %(hours)s GROUP BY 2, 3, 4 UNION ALL
  SELECT 'tool', tool_id, day, what, count(*) FROM calls
  WHERE what = 'called' AND tool_id IS NOT NULL AND day >= now() - %(days)s GROUP BY 2, 3, 4),
kept AS (
  SELECT * FROM audit_callcount WHERE organization_id = %(organization)s AND (of = 'organization'
    OR since >= now() - CASE of WHEN 'tool' THEN %(days)s ELSE %(hours)s END))"""  # noqa: S608 (no input)
_DIFFERENT = f"""{_COUNTED}
SELECT count(*) FROM counted c FULL JOIN kept k USING (of, subject_id, since, what)
WHERE c.calls IS DISTINCT FROM k.calls"""  # noqa: S608 (no input)
_COUNT_ANEW = f"""{_COUNTED}
INSERT INTO audit_callcount (organization_id, of, subject_id, since, what, calls)
SELECT %(organization)s, of, subject_id, since, what, calls FROM counted"""  # noqa: S608 (no input)


@transaction.atomic
def wrong_counts(organization_id: UUID) -> int:
    """How many kept counts are not what the sealed events say. Nothing is sealed meanwhile."""
    with connection.cursor() as cursor:
        wait_for_turn(cursor, organization_id)
        cursor.execute(_DIFFERENT, _values(cursor, organization_id))
        different: int = cursor.fetchone()[0]
    return different


@transaction.atomic
def recount(organization_id: UUID) -> None:
    """Counts all that is kept anew. Nothing is sealed meanwhile, and no call waits for it."""
    with connection.cursor() as cursor:
        wait_for_turn(cursor, organization_id)
        cursor.execute("DELETE FROM audit_callcount WHERE organization_id = %s", [organization_id])
        cursor.execute(_COUNT_ANEW, _values(cursor, organization_id))


def _values(cursor: CursorWrapper, organization_id: UUID) -> dict[str, Any]:
    foreign = _foreign_seals(cursor, organization_id)
    return {"organization": organization_id, "foreign": foreign, "hours": HOURS_KEPT, "days": DAYS_KEPT}


def _foreign_seals(cursor: CursorWrapper, organization_id: UUID) -> list[UUID]:
    """Seals that Harriet did not make: what they hold was never counted."""
    foreign: list[UUID] = []
    sequence = -(2**63)
    while seals := seals_after(cursor, organization_id, sequence):
        foreign += [seal.id for seal in seals if not is_ours(organization_id, seal)]
        sequence = seals[-1].sequence
        if len(seals) < SEALS_AT_ONCE:
            break
    return foreign
