"""What happened: append-only events and the seals that chain them. Ids and labels only, no foreign keys."""

from __future__ import annotations

from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from harriet.lib.ids import new_id

INSTALLATION = UUID(int=0)
"""Stands for the organization in events of the whole installation (start-up, root keys)."""


class Event(models.Model):
    """One decision or change. `body` is the canonical JSON that `mac` covers; the columns repeat it for searching."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization_id = models.UUIDField()
    request_id = models.UUIDField()
    """The same for everything that one call or one web request caused."""
    code = models.CharField(max_length=60)
    person_id = models.UUIDField(null=True)
    connector_id = models.UUIDField(null=True)
    tool_id = models.UUIDField(null=True)
    decision = models.CharField(max_length=12, blank=True)
    outcome = models.CharField(max_length=12, blank=True)
    body = models.TextField()
    mac = models.BinaryField(max_length=32)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            models.Index(fields=["organization_id", "-recorded_at"]),
            models.Index(fields=["request_id"]),
            models.Index(fields=["organization_id", "code", "-recorded_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.id}"


class Unsealed(models.Model):
    """The sealer's queue: an insert trigger on Event fills it, sealing empties it."""

    event_id = models.UUIDField(primary_key=True)
    organization_id = models.UUIDField(db_index=True)

    def __str__(self) -> str:
        return str(self.event_id)


class Seal(models.Model):
    """One link of an organization's chain: a batch of events, in order, bound to the seal before it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization_id = models.UUIDField()
    sequence = models.BigIntegerField()
    previous = models.BinaryField(max_length=32)
    event_ids = ArrayField(models.UUIDField())
    root = models.BinaryField(max_length=32)
    link = models.BinaryField(max_length=32)
    sealed_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization_id", "sequence"], name="seal_sequence_once")
        ]

    def __str__(self) -> str:
        return f"seal {self.sequence}"
