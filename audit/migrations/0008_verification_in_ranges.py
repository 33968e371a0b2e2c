"""A verification says how far it has come, so that the next one goes on there."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("audit", "0007_months")]

    operations = [
        migrations.AddField("checkpoint", "whole_since", models.DateTimeField(null=True)),
        migrations.AddField("checkpoint", "place", models.TextField(blank=True, default="", db_default="")),
    ]
