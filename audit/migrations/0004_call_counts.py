"""Counts of calls are kept by the sealer; those of events that are sealed already are made here, once."""

from django.db import migrations, models

COUNT = """
WITH held AS (SELECT DISTINCT unnest(event_ids) AS id FROM audit_seal),
calls AS (
  SELECT organization_id, connector_id, tool_id,
    CASE code WHEN 'call.intent' THEN 'called' WHEN 'call.held' THEN 'held' WHEN 'call.refused' THEN 'refused'
      ELSE CASE outcome WHEN 'ok' THEN 'succeeded' ELSE 'failed' END END AS what,
    date_trunc('day', recorded_at, 'UTC') AS day, date_trunc('hour', recorded_at, 'UTC') AS hour
  FROM audit_event JOIN held USING (id)
  WHERE isfinite(recorded_at) AND code IN ('call.intent', 'call.outcome', 'call.held', 'call.refused'))
INSERT INTO audit_callcount (organization_id, of, subject_id, since, what, calls)
SELECT organization_id, 'organization', organization_id, day, what, count(*) FROM calls GROUP BY organization_id, day, what
UNION ALL
SELECT organization_id, 'connector', connector_id, hour, what, count(*) FROM calls
WHERE what = 'called' AND connector_id IS NOT NULL AND hour >= now() - interval '2 days'
GROUP BY organization_id, connector_id, hour, what
UNION ALL
SELECT organization_id, 'tool', tool_id, day, what, count(*) FROM calls
WHERE what = 'called' AND tool_id IS NOT NULL AND day >= now() - interval '35 days'
GROUP BY organization_id, tool_id, day, what
"""
# The sealer moves the numbers of the same rows on: room for them beside where they are.
ROOM = "ALTER TABLE audit_callcount SET (fillfactor = 70)"


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0003_marks'),
    ]

    operations = [
        migrations.CreateModel(
            name='CallCount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('organization_id', models.UUIDField()),
                ('of', models.CharField(choices=[('organization', 'Organization'), ('connector', 'Connector'), ('tool', 'Tool')], max_length=12)),
                ('subject_id', models.UUIDField()),
                ('since', models.DateTimeField()),
                ('what', models.CharField(choices=[('called', 'Called'), ('succeeded', 'Succeeded'), ('failed', 'Failed'), ('held', 'Held'), ('refused', 'Refused')], max_length=10)),
                ('calls', models.BigIntegerField()),
            ],
            options={
                'indexes': [models.Index(fields=['subject_id', 'since'], name='call_count_of_subject'), models.Index(fields=['of', 'since'], name='call_count_oldest')],
                'constraints': [models.UniqueConstraint(fields=('organization_id', 'of', 'since', 'subject_id', 'what'), name='call_count_once')],
            },
        ),
        migrations.RunSQL(ROOM, "ALTER TABLE audit_callcount RESET (fillfactor)"),
        migrations.RunSQL(COUNT, migrations.RunSQL.noop),
    ]
