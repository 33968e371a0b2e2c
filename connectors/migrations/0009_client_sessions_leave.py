"""The model is the gateway's from here on; its table and rows stay where they are."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('connectors', '0008_lists_of_records'),
        ('gateway', '0001_client_sessions'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.DeleteModel(name='ClientSession'),
            ],
        ),
    ]
