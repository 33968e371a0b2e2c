"""Sealed secrets: the keys that seal them, the credentials, their versions. No plaintext is ever stored."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models.functions import Lower, Now

from harriet.lib.ids import new_id
from vault.types.registry import type_choices


class RootKey(models.Model):
    """What a root key is called and a canary that only it opens, so that a wrong key refuses to start."""

    label = models.CharField(max_length=80, primary_key=True)
    provider = models.CharField(max_length=20)
    canary = models.BinaryField()
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.label


class DataKey(models.Model):
    """One version of an organization's data key, wrapped by a root key."""

    class State(models.TextChoices):
        ACTIVE = "active", "Active"
        RETIRING = "retiring", "Retiring"
        DESTROYED = "destroyed", "Destroyed"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey("people.Organization", on_delete=models.CASCADE, related_name="data_keys")
    version = models.PositiveIntegerField()
    root_key = models.ForeignKey(RootKey, on_delete=models.PROTECT, related_name="data_keys")
    wrapped = models.BinaryField(null=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.ACTIVE)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "version"], name="data_key_version_once"),
            models.UniqueConstraint(
                fields=["organization"], condition=models.Q(state="active"), name="data_key_one_active"
            ),
            models.CheckConstraint(
                condition=models.Q(state="destroyed", wrapped__isnull=True)
                | (~models.Q(state="destroyed") & models.Q(wrapped__isnull=False)),
                name="data_key_destroyed_is_gone",
            ),
        ]

    def __str__(self) -> str:
        return f"data key {self.version} ({self.state})"


class Credential(models.Model):
    """A secret that Harriet uses on behalf of an organization at one connector."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey("people.Organization", on_delete=models.CASCADE, related_name="credentials")
    connector_id = models.UUIDField(unique=True)
    """No foreign key: connectors live a floor above; deleting one deletes its credential in the same action."""
    name = models.CharField(max_length=120)
    type = models.CharField(max_length=40, choices=type_choices)
    placement = models.JSONField(default=dict)
    """Where and how the secret is sent, nothing secret: what `type` asks for, by the keys of its inputs."""
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="owned_credentials"
    )
    rotate_every_days = models.PositiveSmallIntegerField(null=True)
    rotation_due_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            models.Index(fields=["organization", "-created_at"], name="credential_newest"),
            models.Index("organization", OpClass(Lower("name"), "text_pattern_ops"), name="credential_name_begins"),
        ]

    def __str__(self) -> str:
        return self.name


class CredentialVersion(models.Model):
    """The sealed secret of a credential as it was saved once. The newest is used, the one before it kept for a day."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    credential = models.ForeignKey(Credential, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    sealed = models.BinaryField()
    key_version = models.PositiveIntegerField()
    digest = models.BinaryField(max_length=32)
    """SHA-256 of the sealed bytes, also in the audit log: `vault verify` finds a row that was put back."""
    is_current = models.BooleanField(default=True)
    saved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    saved_at = models.DateTimeField(db_default=Now())
    replaced_at = models.DateTimeField(null=True)
    sent_as = models.JSONField(default=dict)
    """Once replaced: the type and placement with which it was sent, so that it can be switched back to."""
    forgotten_at = models.DateTimeField(null=True)
    """Its sealed bytes are gone."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["credential", "number"], name="credential_version_once"),
            models.UniqueConstraint(
                fields=["credential"], condition=models.Q(is_current=True), name="credential_one_current"
            ),
        ]
        indexes = [
            models.Index(
                fields=["replaced_at"],
                condition=models.Q(is_current=False, forgotten_at=None),
                name="credential_version_replaced",
            ),
            models.Index(fields=["-saved_at"], name="credential_version_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.credential_id} v{self.number}"
