"""Credentials of connectors, and the versions of their sealed secrets. No plaintext is ever stored."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models.functions import Lower, Now

from harriet.lib.ids import new_id
from vault.models.oauth import OAuthClient
from vault.types.registry import type_choices


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
    oauth_client = models.ForeignKey(OAuthClient, on_delete=models.PROTECT, null=True, related_name="credentials")
    """Of a credential that signs in by OAuth: the registration it uses, which may serve other connectors too."""
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
            models.Index(
                fields=["rotation_due_at"],
                condition=models.Q(rotation_due_at__isnull=False),
                name="credential_rotation_due",
            ),
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
