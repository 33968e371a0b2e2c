"""The events lie in a table for each month, by their ids, which begin with the time that they were made (UUIDv7).

By the id and not by the time of recording: so an id is there once in all months, and is looked for in one alone. What
was there before stays where it is, as one table for all the time up to the end of this month; not a row of it is
written again. An id that is of no month lies among the others.

All of it is one transaction: interrupted, it has not begun.
"""

from django.db import migrations

INDEXES = {
    "audit_event_organiz_9521ee_idx": "(organization_id, recorded_at DESC)",
    "audit_event_organiz_e7780e_idx": "(organization_id, code, recorded_at DESC)",
    "audit_event_organiz_5d1366_idx": "(organization_id, person_id, recorded_at DESC)",
    "audit_event_connect_b0889b_idx": "(connector_id, recorded_at DESC)",
    "audit_event_tool_id_35a23f_idx": "(tool_id, recorded_at DESC)",
    "audit_event_request_89f222_idx": "(request_id, recorded_at DESC)",
    "audit_event_intents": "(recorded_at) WHERE code = 'call.intent'",
    "audit_event_rare_decisions": "(organization_id, decision, recorded_at DESC) WHERE decision IN ('hold', 'refuse')",
    "audit_event_rare_outcomes": "(organization_id, outcome, recorded_at DESC)"
    " WHERE outcome IN ('cancelled', 'error', 'timeout', 'unknown')",
}
QUEUE = """
CREATE TRIGGER audit_event_queue AFTER INSERT ON audit_event REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION audit_queue_for_sealing();
ALTER TABLE audit_event ENABLE ALWAYS TRIGGER audit_event_queue
"""
PROTECT = """
CREATE TRIGGER audit_event_append_only BEFORE UPDATE OR DELETE ON audit_event
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER audit_event_no_truncate BEFORE TRUNCATE ON audit_event
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
ALTER TABLE audit_event ENABLE ALWAYS TRIGGER audit_event_append_only;
ALTER TABLE audit_event ENABLE ALWAYS TRIGGER audit_event_no_truncate
"""

FIRST_ID = """
CREATE FUNCTION audit_first_id(moment timestamp) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex((extract(epoch FROM moment) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$
"""

# What was there keeps its rows, its indexes and the trigger against TRUNCATE. The table that is over it has the names
# that Harriet knows.
SET_ASIDE = "\n".join(
    [
        "ALTER TABLE audit_event RENAME TO audit_event_before;",
        "ALTER INDEX audit_event_pkey RENAME TO audit_event_before_pkey;",
        *(f"ALTER INDEX {name} RENAME TO {name.replace('_event_', '_event_before_')};" for name in INDEXES),
        "DROP TRIGGER audit_event_queue ON audit_event_before;",
        "DROP TRIGGER audit_event_append_only ON audit_event_before;",
    ]
)
DIVIDE = "\n".join(
    [
        "CREATE TABLE audit_event (LIKE audit_event_before INCLUDING DEFAULTS INCLUDING STORAGE, PRIMARY KEY (id))"
        " PARTITION BY RANGE (id);",
        *(f"CREATE INDEX {name} ON audit_event {columns};" for name, columns in INDEXES.items()),
        PROTECT + ";",
        QUEUE,
    ]
)
# Whoever has the runtime role can write rows with any id; none of them may hinder this.
ATTACH = """
CREATE TABLE audit_event_others PARTITION OF audit_event DEFAULT;
CREATE TRIGGER audit_event_no_truncate BEFORE TRUNCATE ON audit_event_others
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
ALTER TABLE audit_event_others ENABLE ALWAYS TRIGGER audit_event_no_truncate;
DO $$
DECLARE
    until uuid := audit_first_id(date_trunc('month', now() AT TIME ZONE 'UTC') + interval '1 month');
BEGIN
    WITH moved AS (DELETE FROM audit_event_before WHERE id >= until RETURNING *)
    INSERT INTO audit_event_others SELECT * FROM moved;
    EXECUTE format('ALTER TABLE audit_event ATTACH PARTITION audit_event_before FOR VALUES FROM (MINVALUE) TO (%L)', until);
END $$
"""

# A month is made as a table of its own and attached, which keeps nobody from writing: to make it as a part would.
MAKE_MONTHS = """
CREATE FUNCTION audit_make_months() RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET lock_timeout = '2s' AS $$
DECLARE
    month timestamp;
    name text;
    made integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('harriet-audit-months', 0));
    FOR ahead IN 1..3 LOOP
        month := date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => ahead);
        name := 'audit_event_' || to_char(month, 'YYYY_MM');
        CONTINUE WHEN EXISTS (SELECT 1 FROM pg_class WHERE relname = name AND relnamespace = current_schema()::regnamespace);
        BEGIN
            EXECUTE format('CREATE TABLE %I (LIKE audit_event INCLUDING ALL)', name);
            EXECUTE format('CREATE TRIGGER audit_event_no_truncate BEFORE TRUNCATE ON %I'
                ' FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change()', name);
            EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER audit_event_no_truncate', name);
            EXECUTE format('ALTER TABLE audit_event ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', name,
                audit_first_id(month), audit_first_id(month + interval '1 month'));
            made := made + 1;
        EXCEPTION WHEN check_violation THEN
            RAISE WARNING 'Rows with ids of % are there already: they stay among the others.', name;
        WHEN lock_not_available THEN
            RETURN made;  -- somebody reads the whole log; the next turn tries again
        END;
    END LOOP;
    IF made > 0 THEN
        ANALYZE audit_event;  -- autovacuum looks at the months alone
    END IF;
    RETURN made;
END $$;
DO $$ BEGIN
    EXECUTE format('ALTER FUNCTION audit_make_months() SET search_path = %I, pg_temp', current_schema());
END $$;
SELECT audit_make_months()
"""

REUNITE = "\n".join(
    [
        "CREATE TABLE audit_event_whole (LIKE audit_event INCLUDING DEFAULTS INCLUDING STORAGE);",
        "INSERT INTO audit_event_whole SELECT * FROM audit_event;",
        "DROP TABLE audit_event;",
        "ALTER TABLE audit_event_whole RENAME TO audit_event;",
        "ALTER TABLE audit_event ADD PRIMARY KEY (id);",
        *(f"CREATE INDEX {name} ON audit_event {columns};" for name, columns in INDEXES.items()),
        PROTECT + ";",
        QUEUE,
    ]
)


class Migration(migrations.Migration):
    dependencies = [("audit", "0006_indexes_for_searching")]

    operations = [
        migrations.RunSQL(FIRST_ID, "DROP FUNCTION audit_first_id(timestamp)"),
        migrations.RunSQL(SET_ASIDE, migrations.RunSQL.noop),
        migrations.RunSQL(DIVIDE, migrations.RunSQL.noop),
        migrations.RunSQL(ATTACH, REUNITE),
        migrations.RunSQL(MAKE_MONTHS, "DROP FUNCTION audit_make_months()"),
    ]
