"""Which kinds of connectors there are is said by the dictionary of transports, not by the column."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("connectors", "0009_client_sessions_leave")]

    operations = [
        migrations.AlterField(
            model_name="connector", name="kind", field=models.CharField(default="native", max_length=10)
        ),
    ]
