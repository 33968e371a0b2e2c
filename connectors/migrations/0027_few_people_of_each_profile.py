"""Tells PostgreSQL that profiles differ in how many people they name. Where one names most of a company and others name
nobody, its statistics say that each names them all, and every question about a profile's people reads the table."""

from django.db import migrations

_SET = """
ALTER TABLE connectors_profile_people ALTER COLUMN profile_id SET (n_distinct = -0.05);
ANALYZE connectors_profile_people;
"""
_RESET = "ALTER TABLE connectors_profile_people ALTER COLUMN profile_id RESET (n_distinct);"


class Migration(migrations.Migration):
    dependencies = [("connectors", "0026_rows_that_are_due")]
    operations = [migrations.RunSQL(_SET, _RESET)]
