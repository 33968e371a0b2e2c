"""The steps of a request are found newest first; what few calls are has small indexes of its own."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0005_call_usage'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='event',
            name='audit_event_request_0a5a80_idx',
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(fields=['request_id', '-recorded_at'], name='audit_event_request_89f222_idx'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(condition=models.Q(('decision__in', ('hold', 'refuse'))), fields=['organization_id', 'decision', '-recorded_at'], name='audit_event_rare_decisions'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(condition=models.Q(('outcome__in', ('cancelled', 'error', 'timeout', 'unknown'))), fields=['organization_id', 'outcome', '-recorded_at'], name='audit_event_rare_outcomes'),
        ),
    ]
