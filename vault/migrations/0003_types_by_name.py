from django.db import migrations, models

import vault.types.registry


class Migration(migrations.Migration):

    dependencies = [
        ('vault', '0002_previous_secret'),
    ]

    operations = [
        migrations.AlterField(
            model_name='credential',
            name='type',
            field=models.CharField(choices=vault.types.registry.type_choices, max_length=40),
        ),
    ]
