from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('approvals', '0002_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='pendingaction',
            name='sealed_meta',
            field=models.BinaryField(null=True),
        ),
    ]
