from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('connectors', '0005_resource_addresses'),
    ]

    operations = [
        migrations.AddField(
            model_name='connector',
            name='checks_arguments',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='syncrun',
            name='unchecked',
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name='syncrun',
            name='unchecked_count',
            field=models.PositiveIntegerField(default=0),
        ),
    ]
