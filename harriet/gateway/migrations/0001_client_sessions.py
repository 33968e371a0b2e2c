"""The model comes from the connectors; its table and rows stay where they are."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('connectors', '0007_eras'),
        ('people', '0001_initial'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name='ClientSession',
                    fields=[
                        ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                        ('log_level', models.CharField(blank=True, max_length=10)),
                        ('subscriptions', models.JSONField(default=list)),
                        ('ended_at', models.DateTimeField(null=True)),
                        ('changed_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                        ('token', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.accesstoken')),
                    ],
                    options={
                        'db_table': 'connectors_clientsession',
                    },
                ),
            ],
        ),
    ]
