"""Marks say how far each chain goes; rows that Harriet did not write are set aside; verifications are signed."""

import django.db.models.functions.datetime
from django.db import migrations, models

PROTECT = """
CREATE TRIGGER audit_setaside_append_only BEFORE UPDATE OR DELETE ON audit_setaside
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER audit_setaside_no_truncate BEFORE TRUNCATE ON audit_setaside
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER audit_mark_no_delete BEFORE DELETE ON audit_mark
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER audit_mark_no_truncate BEFORE TRUNCATE ON audit_mark
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
ALTER TABLE audit_setaside ENABLE ALWAYS TRIGGER audit_setaside_append_only;
ALTER TABLE audit_setaside ENABLE ALWAYS TRIGGER audit_setaside_no_truncate;
ALTER TABLE audit_mark ENABLE ALWAYS TRIGGER audit_mark_no_delete;
ALTER TABLE audit_mark ENABLE ALWAYS TRIGGER audit_mark_no_truncate
"""

UNPROTECT = """
DROP TRIGGER audit_setaside_append_only ON audit_setaside;
DROP TRIGGER audit_setaside_no_truncate ON audit_setaside;
DROP TRIGGER audit_mark_no_delete ON audit_mark;
DROP TRIGGER audit_mark_no_truncate ON audit_mark
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_append_only")]

    operations = [
        migrations.CreateModel(
            name="Mark",
            fields=[
                ("organization_id", models.UUIDField(primary_key=True, serialize=False)),
                ("sequence", models.BigIntegerField()),
                ("link", models.BinaryField(max_length=32)),
                ("events", models.BigIntegerField()),
                ("foreign_seals", models.BigIntegerField()),
                ("mac", models.BinaryField(max_length=32)),
            ],
        ),
        migrations.CreateModel(
            name="SetAside",
            fields=[
                ("event_id", models.UUIDField(primary_key=True, serialize=False)),
                ("organization_id", models.UUIDField(db_index=True)),
                ("found_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.AddField("checkpoint", "faults", models.BigIntegerField(default=0, db_default=0)),
        migrations.AddField("checkpoint", "foreign", models.BigIntegerField(default=0, db_default=0)),
        migrations.AddField("checkpoint", "mac", models.BinaryField(max_length=32, default=b"", db_default=b"")),
        migrations.RunSQL(PROTECT, UNPROTECT),
    ]
