"""Triggers: recorded events and seals can't be changed by anyone, and every new event is queued for sealing.

ENABLE ALWAYS makes them hold under session_replication_role = replica too. The queue is filled with its owner's
rights, so that the runtime role needs none to add to it.
"""

from django.db import migrations

APPEND_ONLY = ("audit_event", "audit_seal", "audit_checkpoint")

REFUSE = """
CREATE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$
"""

PROTECT = """
CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_append_only;
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_truncate
"""

QUEUE = """
CREATE FUNCTION audit_queue_for_sealing() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    INSERT INTO audit_unsealed (event_id, organization_id) SELECT id, organization_id FROM added;
    RETURN NULL;
END $$;
DO $$ BEGIN
    EXECUTE format('ALTER FUNCTION audit_queue_for_sealing() SET search_path = %I, pg_temp', current_schema());
END $$;
CREATE TRIGGER audit_event_queue AFTER INSERT ON audit_event REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION audit_queue_for_sealing();
ALTER TABLE audit_event ENABLE ALWAYS TRIGGER audit_event_queue;
ALTER TABLE audit_unsealed SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000)
"""

UNPROTECT = """
DROP TRIGGER {table}_append_only ON {table};
DROP TRIGGER {table}_no_truncate ON {table}
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [
        migrations.RunSQL(REFUSE, "DROP FUNCTION audit_refuse_change()"),
        *(migrations.RunSQL(PROTECT.format(table=t), UNPROTECT.format(table=t)) for t in APPEND_ONLY),
        migrations.RunSQL(
            QUEUE,
            "DROP TRIGGER audit_event_queue ON audit_event; DROP FUNCTION audit_queue_for_sealing();"
            "ALTER TABLE audit_unsealed RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold)",
        ),
    ]
