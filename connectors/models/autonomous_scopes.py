"""What an autonomous profile lets run without a person, and until when."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from connectors.models.profiles import Profile
from connectors.models.tools import Tool
from harriet.lib.ids import new_id


class AutonomousScope(models.Model):
    """Covers tools that it names, and tools of moderate risk when it says so. It ends by itself."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey("people.Organization", on_delete=models.CASCADE, related_name="+")
    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="scopes")
    name = models.CharField(max_length=80)
    reason = models.CharField(max_length=300)
    tools = models.ManyToManyField(Tool, blank=True, related_name="+")
    """Named ones: they may be of moderate or of unknown risk."""
    classes = ArrayField(models.CharField(max_length=10), default=list, blank=True)
    """Of risk: moderate, or none."""
    condition = models.CharField(max_length=1000, blank=True)
    """In CEL, on the arguments: it covers a call only when this is true."""
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    """When somebody ended it before its time."""
    reminded_at = models.DateTimeField(null=True)
    """When people were told that it ends soon."""
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["organization", "-created_at"], name="autonomous_scope_newest"),
            models.Index(fields=["expires_at"], condition=models.Q(ended_at=None), name="autonomous_scope_ends"),
        ]

    def __str__(self) -> str:
        return self.name


HOLDING = models.Q(ended_at=None, expires_at__gt=Now())
"""Of scopes: those that are not over."""
