from django.db import migrations, models
from django.db.models import OuterRef, Subquery


def fill(apps, schema_editor):
    """What waits from before knows its token, which knows its device."""
    action, token = apps.get_model("approvals", "PendingAction"), apps.get_model("people", "AccessToken")
    own = token.objects.filter(pk=OuterRef("token_id"))
    action.objects.exclude(token=None).update(
        device_id=Subquery(own.values("device_id")[:1]), token_hint=Subquery(own.values("hint")[:1])
    )


class Migration(migrations.Migration):

    dependencies = [
        ('approvals', '0006_lists_of_records'),
    ]

    operations = [
        migrations.AddField(
            model_name='pendingaction',
            name='device_id',
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name='pendingaction',
            name='token_hint',
            field=models.CharField(blank=True, max_length=8),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
