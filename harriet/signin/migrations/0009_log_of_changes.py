"""Changes of connected apps and proved domains are told to those who keep them in memory."""

from django.db import migrations

from harriet.people.change_triggers import logs_changes


class Migration(migrations.Migration):
    dependencies = [("signin", "0008_sign_ins_that_are_renewed"), ("people", "0025_log_of_changes")]

    operations = [
        logs_changes(
            "signin_connectedapp",
            "SELECT {row}.organization_id, 'device', {row}.device_id WHERE {row}.device_id IS NOT NULL",
            ("organization_id", "device_id", "application_id", "ended_at"),
        ),
        logs_changes(
            "signin_application",
            "SELECT {row}.organization_id, 'callers', {row}.organization_id WHERE {row}.organization_id IS NOT NULL",
            ("organization_id", "group_key"),
            is_told_when_made=False,
        ),
        logs_changes(
            "signin_domain",
            "SELECT {row}.organization_id, 'settings', {row}.organization_id",
            ("organization_id", "name", "verified_at"),
        ),
    ]
