"""What Records shows of keys and credentials: that they are there, never what they hold."""

from __future__ import annotations

from harriet.lib.records import INSTALLATION, History, Page, Record

_SEALED = "Sealed: it is opened for one call and shown to nobody."

RECORDS = (
    Record(
        model="vault.Credential",
        one="credential",
        many="Credentials",
        meaning="A secret that Harriet signs in with at one connector. Its value is never shown.",
        scope="organization",
        fields={
            "name": "Name",
            "type": "Type",
            "connector_id": "Connector",
            "placement": "Where it is sent",
            "owner": "Owner",
            "rotate_every_days": "Rotate every (days)",
            "rotation_due_at": "Rotation due",
            "last_used_at": "Last used",
            "created_at": "Since",
        },
        columns=("name", "type", "connector_id", "owner", "rotation_due_at", "last_used_at"),
        search="name",
        search_help="Names that begin with this; capital letters make no difference.",
        filters=("type", "rotation_due_at", "connector_id", "owner"),
        time="created_at",
        links={"connector_id": "connectors.Connector"},
        page=Page("vault:schedule", "Open its rotation", "pk", power="manage credentials"),
        history=History(column="connector_id", of="connector_id"),
        empty="A credential stands here once a connector signs in with one.",
    ),
    Record(
        model="vault.CredentialVersion",
        one="credential version",
        many="Credential versions",
        meaning="A credential as it was saved once. The newest is used, the one before it kept for a day.",
        scope="credential__organization",
        fields={
            "credential": "Credential",
            "number": "Version",
            "is_current": "In use",
            "key_version": "Sealed under data key",
            "saved_by": "Saved by",
            "saved_at": "Saved",
            "replaced_at": "Replaced",
            "sent_as": "Sent as, once replaced",
            "forgotten_at": "Forgotten",
        },
        columns=("number", "credential", "is_current", "saved_by", "saved_at", "replaced_at", "forgotten_at"),
        hidden={
            "sealed": _SEALED,
            "digest": "Says when two secrets are the same row; `manage.py vault verify` reads it.",
        },
        filters=("is_current", "credential", "saved_by"),
        time="saved_at",
        select=("credential",),
        title=lambda row: f"{row.credential.name}, version {row.number}",
        history=History(column="connector_id", of="credential__connector_id"),
    ),
    Record(
        model="vault.DataKey",
        one="data key",
        many="Data keys",
        meaning="The key that seals this organization’s secrets, itself wrapped by the root key.",
        scope="organization",
        fields={"version": "Version", "state": "State", "root_key": "Wrapped by", "created_at": "Since"},
        columns=("version", "state", "root_key", "created_at"),
        hidden={"wrapped": "A wrapped key: it is opened in the vault and shown to nobody."},
        title=lambda row: f"Data key {row.version}",
        history=History(codes=("data_key.",), named="version"),
    ),
    Record(
        model="vault.RootKey",
        one="root key",
        many="Root keys",
        meaning="What a root key of this installation is called, and when it was first used.",
        scope=INSTALLATION,
        fields={"label": "Name", "provider": "Kept by", "created_at": "Since"},
        columns=("label", "provider", "created_at"),
        hidden={"canary": "A sealed sample that only the right key opens."},
    ),
)
