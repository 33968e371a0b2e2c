"""What changed in the rows that decide about calls, for whoever keeps a copy of them in memory."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class Change(models.Model):
    """A row was made, changed or deleted. Written by triggers (`harriet.people.change_triggers`), in the transaction
    that changed it, so that nothing can change unseen; kept for an hour.

    There are no foreign keys: what is named may be gone."""

    class What(models.TextChoices):
        SETTINGS = "settings", "The organization itself, its groups, rules, domains and keys"
        LIMITS = "limits", "Limits of calls"
        CONNECTOR = "connector", "A connector or its credential"
        TOOL = "tool", "A tool, its pinned definition or who may call it"
        PROFILE = "profile", "A profile, or what and whom it names"
        PERSON = "person", "A person, by their account"
        TOKEN = "token", "A token"
        DEVICE = "device", "A device, or the client on it"
        AGENT = "agent", "An agent"
        CALLERS = "callers", "Something that every caller may depend on"

    id = models.BigAutoField(primary_key=True)
    organization_id = models.UUIDField()
    what = models.CharField(max_length=9, choices=What.choices)
    row_id = models.UUIDField()
    transaction = models.BigIntegerField()
    """PostgreSQL's number of the transaction, whose order among others snapshots know (`pg_visible_in_snapshot`)."""
    at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            models.Index(fields=["organization_id", "transaction"], name="change_since"),
            models.Index(fields=["at"], name="change_oldest"),
        ]

    def __str__(self) -> str:
        return f"{self.what} {self.row_id}"


class ForgottenChanges(models.Model):
    """Up to which transaction an organization's changes were deleted: whoever has not seen that one reads everything
    anew."""

    organization_id = models.UUIDField(primary_key=True)
    transaction = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.organization_id} up to {self.transaction}"
