"""Owners, and whoever else leads, are found among very many members; shared keys among the tokens of devices."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('people', '0025_log_of_changes'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='accesstoken',
            index=models.Index(condition=models.Q(('kind', 'device'), _negated=True), fields=['organization', 'kind'], name='token_of_no_device'),
        ),
        migrations.AddIndex(
            model_name='membership',
            index=models.Index(condition=models.Q(('role', 'member'), _negated=True), fields=['organization', 'role'], name='membership_leading'),
        ),
    ]
