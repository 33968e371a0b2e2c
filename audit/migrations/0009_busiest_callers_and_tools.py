"""Who called most, and which tools were, is read from indexes that hold nothing else."""

from django.db import migrations, models

CALLS = ["succeeded", "of_caller", "of_harriet", "of_upstream", "refused"]


class Migration(migrations.Migration):
    dependencies = [("audit", "0008_verification_in_ranges")]

    operations = [
        migrations.AddIndex(
            "callusage",
            models.Index(
                fields=["organization_id", "since"],
                include=[f"{of}_id", *CALLS],
                condition=models.Q(of=of),
                name=f"call_usage_busiest_{many}",
            ),
        )
        for of, many in (("person", "people"), ("tool", "tools"))
    ]
