"""What decides about calls is told, row by row, to the processes that keep it in memory."""

from django.db import migrations, models
from django.db.models.functions import Now

from harriet.people.change_triggers import logs_changes

ITSELF = "SELECT {row}.id, 'settings', {row}.id"
MINE = "SELECT {row}.organization_id, 'settings', {row}.organization_id"
TOKEN = (
    *("organization_id", "token_hash", "name", "hint", "user_id", "profile_id", "expires_at", "kind", "scopes", "secret_until"),
    *("previous_hash", "previous_until", "device_id", "agent_id", "workload_id", "revoked_at"),
)
IDENTITY = ("membership_id", "lapsed_at", "subject", "email", "employee_id", "groups")
OF_MEMBERSHIP = (
    "SELECT mine.organization_id, 'person', mine.user_id FROM people_membership mine"
    " WHERE mine.id = {row}.membership_id"
)
OF_USER = "SELECT mine.organization_id, 'person', mine.user_id FROM people_membership mine WHERE mine.user_id = {row}.id"
PERSON = "SELECT {row}.organization_id, 'person', {row}.user_id"
OF_TOKEN = (
    "SELECT mine.organization_id, 'token', mine.id FROM people_accesstoken mine WHERE mine.id = {row}.accesstoken_id"
)
OF_AGENT = "SELECT mine.organization_id, 'agent', mine.id FROM people_agent mine WHERE mine.id = {row}.agent_id"


def itself(what: str) -> str:
    return f"SELECT {{row}}.organization_id, '{what}', {{row}}.id"


class Migration(migrations.Migration):
    dependencies = [("people", "0024_right_to_review")]

    operations = [
        migrations.CreateModel(
            name="Change",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("organization_id", models.UUIDField()),
                (
                    "what",
                    models.CharField(
                        choices=[
                            ("settings", "The organization itself, its groups, rules, domains and keys"),
                            ("limits", "Limits of calls"),
                            ("connector", "A connector or its credential"),
                            ("tool", "A tool, its pinned definition or who may call it"),
                            ("profile", "A profile, or what and whom it names"),
                            ("person", "A person, by their account"),
                            ("token", "A token"),
                            ("device", "A device, or the client on it"),
                            ("agent", "An agent"),
                            ("callers", "Something that every caller may depend on"),
                        ],
                        max_length=9,
                    ),
                ),
                ("row_id", models.UUIDField()),
                ("transaction", models.BigIntegerField()),
                ("at", models.DateTimeField(db_default=Now())),
            ],
            options={
                "indexes": [
                    models.Index(fields=["organization_id", "transaction"], name="change_since"),
                    models.Index(fields=["at"], name="change_oldest"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ForgottenChanges",
            fields=[
                ("organization_id", models.UUIDField(primary_key=True, serialize=False)),
                ("transaction", models.BigIntegerField()),
            ],
        ),
        logs_changes("people_organization", ITSELF, ("slug", "name", "internal_hosts", "hold_seconds")),
        logs_changes("people_group", MINE, ("name", "organization_id")),
        logs_changes(
            "people_signinrule",
            "SELECT {row}.organization_id, 'callers', {row}.organization_id",
            ("locals_lapsed_at", "break_glass_id"),
        ),
        logs_changes(
            "people_membership", PERSON, ("organization_id", "user_id", "role", "is_active"), is_told_when_made=False
        ),
        logs_changes("people_membership_groups", OF_MEMBERSHIP, ("membership_id", "group_id")),
        logs_changes("people_user", OF_USER, ("email", "name", "is_active"), is_told_when_made=False),
        logs_changes("people_assertedidentity", OF_MEMBERSHIP, IDENTITY),
        logs_changes("people_accesstoken", itself("token"), TOKEN, is_told_when_made=False),
        logs_changes("people_accesstoken_groups", OF_TOKEN, ("accesstoken_id", "group_id")),
        logs_changes("people_device", itself("device"), ("organization_id", "name", "trust", "revoked_at"), is_told_when_made=False),
        logs_changes("people_agent", itself("agent"), ("organization_id", "name", "state", "owner_id"), is_told_when_made=False),
        logs_changes("people_agent_groups", OF_AGENT, ("agent_id", "group_id")),
    ]
