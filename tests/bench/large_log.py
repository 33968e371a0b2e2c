"""The calls of a very large company, as events of its log: made and signed by the database, all at once."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import connection

from audit.events import CALL_HELD, CALL_INTENT, CALL_OUTCOME, CALL_REFUSED
from harriet.lib.keyfile import derive

_BODY = (
    """'{"actor":{"id":"' || token || '","kind":"token","label":"Claude"},"at":"2026-01-01T00:00:00Z",'"""
    """ || '"client":"Claude","code":"' || code || '","connector":{"id":"' || connector || '","label":"Server"},' ||"""
    """ CASE WHEN decision = '' THEN '' ELSE '"decision":"' || decision || '",' END ||"""
    """ '"id":"' || id || '","organization":"' || organization || '",' ||"""
    """ CASE WHEN outcome = '' THEN '' ELSE '"outcome":"' || outcome || '",' END ||"""
    """ '"person":{"id":"' || person || '","label":"somebody@acme.test"},"request":"' || request ||"""
    """ '","tool":{"id":"' || tool || '","label":"' || tool_name || '"}}'"""
)


def make_calls(home: UUID, *, calls: int, people: int) -> None:
    """Two months of them, signed as Harriet signs. They wait for the sealer like any others."""
    key = derive("audit", "event-mac/v1").ljust(64, b"\0")
    pads = {"inner": bytes(byte ^ 0x36 for byte in key), "outer": bytes(byte ^ 0x5C for byte in key)}
    run(
        "CREATE TEMPORARY TABLE called AS SELECT row_number() OVER (ORDER BY id) AS n, id, connector_id, name"
        " FROM connectors_tool; CREATE UNIQUE INDEX ON called (n); ANALYZE called"
    )
    run(
        "CREATE FUNCTION pg_temp.id_at(at timestamptz) RETURNS uuid LANGUAGE sql AS $$ SELECT (lpad(to_hex((extract("
        "epoch FROM at) * 1000)::bigint), 12, '0') || '7' || left(md5(random()::text), 3) || '8' ||"
        " left(md5(random()::text), 15))::uuid $$"
    )
    values = {**pads, "home": home, "calls": calls, "people": people}
    kind = "CASE WHEN n % 40 = 1 THEN '{refused}' WHEN n % 50 = 2 THEN '{held}' ELSE '{intent}' END"
    first = kind.format(refused=CALL_REFUSED, held=CALL_HELD, intent=CALL_INTENT)
    run(
        f"""WITH calls AS MATERIALIZED (
          SELECT c.*, t.id AS tool, t.connector_id AS connector, t.name AS tool_name, gen_random_uuid() AS request,
            md5('user' || (1 + (c.n * 7) %% %(people)s))::uuid AS person, md5('token' || c.n)::uuid AS token
          FROM (SELECT n, {first.replace("%", "%%")} AS code, now() - (n::float / %(calls)s) * interval '60 days' AS at,
            1 + floor(power(random(), 3) * (SELECT count(*) FROM called))::bigint AS number
            FROM generate_series(1, %(calls)s) AS n(n)) c JOIN called t ON t.n = c.number),
        events AS (
          SELECT pg_temp.id_at(at) AS id, %(home)s::uuid AS organization, at, code, request, person, token, connector,
            tool, tool_name, CASE code WHEN '{CALL_INTENT}' THEN 'run' WHEN '{CALL_HELD}' THEN 'hold' ELSE 'refuse' END
            AS decision, '' AS outcome FROM calls
          UNION ALL SELECT pg_temp.id_at(at + interval '1 second'), %(home)s::uuid, at + interval '1 second',
            '{CALL_OUTCOME}', request, person, token, connector, tool, tool_name, '',
            CASE WHEN n %% 20 = 0 THEN 'error' ELSE 'ok' END FROM calls WHERE code = '{CALL_INTENT}'),
        bodies AS (SELECT *, {_BODY} AS body FROM events)
        INSERT INTO audit_event (id, organization_id, request_id, code, person_id, connector_id, tool_id, decision,
          outcome, body, mac, recorded_at)
        SELECT id, organization, request, code, person, connector, tool, decision, outcome, body,
          sha256(%(outer)s::bytea || sha256(%(inner)s::bytea || convert_to(body, 'UTF8'))), at FROM bodies""",
        values,
    )


def run(statement: str, values: dict[str, Any] | None = None) -> None:
    """Without values, a percent sign is one."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
