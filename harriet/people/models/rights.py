"""Who came to decide, and by whom."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models.functions import Now

from harriet.lib.ids import new_id
from harriet.people.models.organizations import Organization
from harriet.people.models.users import User


class RightGiven(models.Model):
    """Somebody came to decide on calls, or may have: by a role, by a group, or because a group came to decide for a
    connector; or to review connectors, by a role. Kept because nobody who asks chooses afterwards who decides."""

    class Way(models.TextChoices):
        ROLE = "role", "Role that decides on calls"
        REVIEW = "review", "Role that reviews connectors"
        GROUP = "group"
        CONNECTOR = "connector"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    way = models.CharField(max_length=9, choices=Way.choices)
    to_id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField()
    """The person, or the connector. No foreign key: connectors live two floors above."""
    by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            models.Index(fields=["organization", "to_id", "at"], name="right_given_to"),
            models.Index(fields=["organization", "-at"], name="right_given_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.way} to {self.to_id}"
