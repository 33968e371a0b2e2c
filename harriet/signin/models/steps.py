"""What happened between a person, their client and Harriet, step by step: the connection doctor reads it."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from harriet.lib.ids import new_id
from harriet.people.models import Organization


class ConnectionStep(models.Model):
    """One step of one client's way in. Kept for some weeks; never a token, a code or a state."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+")
    """Null for steps before anybody signed in."""
    application_id: models.UUIDField[uuid.UUID | None, uuid.UUID | None] = models.UUIDField(null=True)
    client = models.CharField(max_length=120, blank=True)
    """As it calls itself."""
    profile_id: models.UUIDField[uuid.UUID | None, uuid.UUID | None] = models.UUIDField(null=True)
    kind = models.CharField(max_length=30)
    """A key of `harriet.signin.steps.KINDS`."""
    problem = models.CharField(max_length=60, blank=True)
    """A code: why it failed; empty for a step that went well."""
    details = models.JSONField(default=dict, blank=True)
    """What the sentence needs: a host, a scope. Nothing secret."""
    at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            models.Index(fields=["organization", "-at"], name="connection_step_newest"),
            models.Index(fields=["user", "-at"], name="connection_step_of_person"),
            models.Index(fields=["application_id", "-at"], name="connection_step_of_client"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.problem}".strip()
