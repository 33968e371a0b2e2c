from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("people", "0002_credentials_and_proof"),
    ]

    operations = [
        migrations.AddIndex(
            model_name='notice',
            index=models.Index(
                condition=models.Q(('read_at', None)), fields=['organization', 'key'], name='notice_unread_of_key'
            ),
        ),
    ]
