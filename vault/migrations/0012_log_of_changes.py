"""Changes of credentials and data keys are told to those who keep them, sealed, in memory."""

from django.db import migrations

from harriet.people.change_triggers import logs_changes

OF_CREDENTIAL = (
    "SELECT mine.organization_id, 'connector', mine.connector_id FROM vault_credential mine"
    " WHERE mine.id = {row}.credential_id"
)


class Migration(migrations.Migration):
    dependencies = [("vault", "0011_sign_ins_that_are_renewed"), ("people", "0025_log_of_changes")]

    operations = [
        logs_changes(
            "vault_credential",
            "SELECT {row}.organization_id, 'connector', {row}.connector_id",
            ("organization_id", "connector_id", "name", "type", "placement", "oauth_client_id"),
        ),
        logs_changes("vault_credentialversion", OF_CREDENTIAL, ("credential_id", "number", "sealed", "key_version", "is_current")),
        logs_changes(
            "vault_datakey",
            "SELECT {row}.organization_id, 'settings', {row}.organization_id",
            ("organization_id", "version", "root_key_id", "wrapped", "state"),
        ),
    ]
