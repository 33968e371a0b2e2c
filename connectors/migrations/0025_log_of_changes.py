"""Changes of connectors, tools, profiles, rules and limits are told row by row."""

from django.db import migrations

from harriet.people.change_triggers import logs_changes

MINE = "SELECT {row}.organization_id, 'settings', {row}.organization_id"
LIMITS = "SELECT {row}.organization_id, 'limits', {row}.organization_id"
OF_TOOL = "SELECT mine.organization_id, 'tool', mine.id FROM connectors_tool mine WHERE mine.id = {row}.tool_id"
OF_PROFILE = (
    "SELECT mine.organization_id, 'profile', mine.id FROM connectors_profile mine WHERE mine.id = {row}.profile_id"
)
OF_SCOPE = (
    "SELECT mine.organization_id, 'profile', mine.profile_id FROM connectors_autonomousscope mine"
    " WHERE mine.id = {row}.autonomousscope_id"
)
SCOPE = "SELECT {row}.organization_id, 'profile', {row}.profile_id"
CONNECTOR = (
    "organization_id",
    *("slug", "name", "kind", "url", "era", "eras", "capabilities", "state", "health", "health_reason"),
    *("health_changed_at", "revision", "checks_arguments", "identity_kind", "identity_header", "identity_attribute"),
    *("identity_refuses_local", "allow_internal", "deciders", "review", "trouble_told_at"),
)
TOOL = (
    *("organization_id", "connector_id", "kind", "name", "state", "is_enabled", "risk_override", "risk_proposed"),
    *("requires_confirmation", "position"),
)
PROFILE = ("organization_id", "slug", "name", "has_prefix", "is_progressive", "trust", "hold_seconds")
RULE = ("organization_id", "connector_id", "tool_id", "expression", "effect", "sentence", "is_on", "position")
LIMIT = (
    *("organization_id", "kind", "person_id", "device_id", "agent_id", "key_id", "tool_id", "connector_id"),
    *("counts", "per_minute", "per_day", "at_limit"),
)
NAMED = {"connectors": "connector_id", "tools": "tool_id", "groups": "group_id", "people": "membership_id"}


def itself(what: str) -> str:
    return f"SELECT {{row}}.organization_id, '{what}', {{row}}.id"


class Migration(migrations.Migration):
    dependencies = [("connectors", "0024_scope_reminders"), ("people", "0025_log_of_changes")]

    operations = [
        logs_changes("connectors_connector", itself("connector"), CONNECTOR),
        logs_changes("connectors_tool", itself("tool"), TOOL),
        logs_changes("connectors_toolversion", OF_TOOL, ("tool_id", "digest", "is_pinned")),
        logs_changes("connectors_toolpermission", OF_TOOL, ("tool_id", "group_id", "role")),
        logs_changes("connectors_profile", itself("profile"), PROFILE),
        *(
            logs_changes(f"connectors_profile_{table}", OF_PROFILE, ("profile_id", column))
            for table, column in NAMED.items()
        ),
        logs_changes(
            "connectors_autonomousscope", SCOPE, ("organization_id", "profile_id", "name", "classes", "condition", "expires_at", "ended_at", "created_at")
        ),
        logs_changes("connectors_autonomousscope_tools", OF_SCOPE, ("autonomousscope_id", "tool_id")),
        logs_changes("connectors_argumentrule", MINE, RULE),
        logs_changes("connectors_identitykey", MINE, ("organization_id", "kid", "sealed", "created_at")),
        logs_changes("connectors_calllimit", LIMITS, LIMIT),
        logs_changes(
            "connectors_breakers", LIMITS, ("repeats", "seconds", "at_limit", "counts_reads", "stops_failing")
        ),
        logs_changes(
            "connectors_breakers_may_repeat",
            "SELECT {row}.breakers_id, 'limits', {row}.breakers_id",
            ("breakers_id", "tool_id"),
        ),
    ]
