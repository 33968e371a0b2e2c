"""Who came to review connectors is told apart from who came to decide on calls."""

from django.db import migrations, models

REVIEWING = ("owner", "mcp_admin", "reviewer")


def tell_apart(apps, schema_editor):
    """What was given as a role to people who review may have been given for that, too."""
    given, memberships = apps.get_model("people", "RightGiven"), apps.get_model("people", "Membership")
    reviewers = set(memberships.objects.filter(role__in=REVIEWING).values_list("organization_id", "user_id"))
    rows = given.objects.filter(way="role").iterator(1000)
    copies = (
        given(organization_id=row.organization_id, way="review", to_id=row.to_id, by_id=row.by_id, at=row.at)
        for row in rows
        if (row.organization_id, row.to_id) in reviewers
    )
    given.objects.bulk_create(copies, batch_size=1000)


def put_together(apps, schema_editor):
    apps.get_model("people", "RightGiven").objects.filter(way="review").delete()


class Migration(migrations.Migration):
    dependencies = [("people", "0023_own_reviews")]
    operations = [
        migrations.AlterField(
            model_name="rightgiven",
            name="way",
            field=models.CharField(
                choices=[
                    ("role", "Role that decides on calls"),
                    ("review", "Role that reviews connectors"),
                    ("group", "Group"),
                    ("connector", "Connector"),
                ],
                max_length=9,
            ),
        ),
        migrations.RunPython(tell_apart, put_together),
    ]
