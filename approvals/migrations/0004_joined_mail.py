from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('approvals', '0003_bound_meta'),
    ]

    operations = [
        migrations.AddField(
            model_name='pendingaction',
            name='mailed_at',
            field=models.DateTimeField(null=True),
        ),
        # What waits now was mailed when it was put on its ticket.
        migrations.RunSQL(
            "UPDATE approvals_pendingaction SET mailed_at = created_at WHERE state = 'waiting'",
            migrations.RunSQL.noop,
        ),
        migrations.AddIndex(
            model_name='pendingaction',
            index=models.Index(
                condition=models.Q(('state', 'waiting')), fields=['organization', 'user'], name='pending_action_waiting'
            ),
        ),
        migrations.AddIndex(
            model_name='pendingaction',
            index=models.Index(fields=['connector', 'mailed_at'], name='pending_action_mailed'),
        ),
    ]
