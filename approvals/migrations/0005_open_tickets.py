from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('approvals', '0004_joined_mail'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(
                condition=models.Q(('is_open', True)), fields=['organization', '-number'], name='ticket_open'
            ),
        ),
    ]
