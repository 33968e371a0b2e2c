"""What calls: devices, and the tokens that they hold."""

from __future__ import annotations

import uuid

from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models.functions import Lower, Now

from harriet.lib.ids import new_id
from harriet.people.models.agents import Agent
from harriet.people.models.organizations import Group, Organization
from harriet.people.models.users import User
from harriet.people.trust import Trust


class Device(models.Model):
    """What a person calls from: a machine with a client on it, or a client that they signed in to."""

    class Kind(models.TextChoices):
        MACHINE = "machine", "Device"
        APP = "app", "Connected app"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="devices")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="devices")
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.MACHINE, db_default=Kind.MACHINE)
    trust = models.CharField(max_length=10, choices=Trust.choices, blank=True, db_default="")
    """Stricter than the profile's, or empty: of both the strictest holds."""
    trust_set_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    last_seen_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "user", "name"],
                condition=models.Q(revoked_at=None),
                name="device_name_once",
            )
        ]
        indexes = [
            models.Index(fields=["organization", "-created_at"], name="device_newest"),
            models.Index("organization", OpClass(Lower("name"), "text_pattern_ops"), name="device_name_begins"),
        ]

    def __str__(self) -> str:
        return self.name


class AccessToken(models.Model):
    """A bearer token for the gateway or the API; only the SHA-256 of it is kept."""

    class Kind(models.TextChoices):
        DEVICE = "device", "Device credential"
        INTEGRATION = "integration", "Integration key (shared)"
        PERSONAL = "personal", "Personal API token"
        OAUTH = "oauth", "Token of a connected app"
        AGENT = "agent", "Agent's credential"
        SCIM = "scim", "SCIM token"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="tokens")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    name = models.CharField(max_length=80)
    token_hash = models.BinaryField(max_length=32, unique=True)
    hint = models.CharField(max_length=8)
    """The last four characters, so that people can tell their tokens apart."""
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="tokens")
    device = models.ForeignKey(Device, on_delete=models.CASCADE, null=True, related_name="tokens")
    groups = models.ManyToManyField(Group, blank=True, related_name="integration_keys")
    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, null=True, related_name="tokens")
    scopes = models.CharField(max_length=200, blank=True, db_default="")
    """Of a connected app's: what the person allowed it, separated by spaces (RFC 6749 §3.3); of a workload's: what its
    issuer may give. Empty for others, which are bounded by groups and profiles alone."""
    profile_id: models.UUIDField[uuid.UUID | None, uuid.UUID | None] = models.UUIDField(null=True, db_index=True)
    """When set, the only profile that this token opens. No foreign key: profiles live two floors above."""
    workload_id: models.UUIDField[uuid.UUID | None, uuid.UUID | None] = models.UUIDField(null=True)
    """Of an agent's: which workload of a trusted issuer fetched it for itself, for a quarter of an hour. No foreign
    key: issuers are trusted three floors above."""
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    """The person who made it and saw it: they decide on none of its calls. Nobody when it was made on the machine that
    runs Harriet without saying by whom."""
    made_by = models.CharField(max_length=254, blank=True)
    """The same in words, as it was called then."""
    known_to = models.ManyToManyField(User, blank=True, related_name="+")
    """Of a shared key: who else was given it, as whoever made it said."""
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    secret_until = models.DateTimeField(null=True)
    """Of a connected app's: when the secret has to be exchanged for the next one. The row stays: what it began goes on
    under its next secret. Null for kinds whose secret lasts as long as they do."""
    previous_hash = models.BinaryField(max_length=32, null=True)
    """The SHA-256 of the secret before, which requests that were under way may still bear."""
    previous_until = models.DateTimeField(null=True)
    last_seen_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    kind__in=["device", "oauth"], user__isnull=False, device__isnull=False, agent__isnull=True
                )
                | models.Q(kind="personal", user__isnull=False, device__isnull=True, agent__isnull=True)
                | models.Q(kind__in=["integration", "scim"], user__isnull=True, device__isnull=True, agent__isnull=True)
                | models.Q(kind="agent", user__isnull=True, device__isnull=True, agent__isnull=False),
                name="token_kind_names_its_bearer",
            )
        ]
        indexes = [
            models.Index(fields=["organization", "-created_at"], name="token_newest"),
            models.Index(
                fields=["organization", "expires_at", "id"], condition=models.Q(revoked_at=None), name="token_expiring"
            ),
            models.Index("organization", OpClass(Lower("name"), "text_pattern_ops"), name="token_name_begins"),
            models.Index(
                fields=["previous_hash"],
                condition=models.Q(previous_hash__isnull=False),
                name="token_previous_hash",
            ),
            models.Index(
                fields=["workload_id"], condition=models.Q(workload_id__isnull=False), name="token_of_workload"
            ),
            models.Index(
                fields=["organization", "kind"], condition=~models.Q(kind="device"), name="token_of_no_device"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} (…{self.hint})"


class CredentialOffer(models.Model):
    """A device credential that somebody prepared for somebody else. It is made when that person opens the offer, signed
    in: nobody else ever sees it. The offer's address holds its id, which is no secret: only that person can open it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="credential_offers")
    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="offers")
    name = models.CharField(max_length=80)
    expires_in_days = models.PositiveSmallIntegerField()
    """Of the credential, from the day it is made."""
    profile_id: models.UUIDField[uuid.UUID | None, uuid.UUID | None] = models.UUIDField(null=True)
    offered_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["organization", "-created_at"], name="credential_offer_newest"),
            models.Index(fields=["expires_at"], name="credential_offer_old"),
        ]

    def __str__(self) -> str:
        return f"{self.name} for {self.device}"
