"""The keys that seal: root keys, and an organization's data keys that they wrap."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from harriet.lib.ids import new_id


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
