"""Changes of many tools at once, which can be taken back."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from connectors.models.connectors import Connector
from harriet.lib.ids import new_id


class BulkChange(models.Model):
    """A change of many tools of a connector at once: as it was previewed, what it did, and what undoing it needs."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey("people.Organization", on_delete=models.CASCADE, related_name="+")
    connector = models.ForeignKey(Connector, on_delete=models.CASCADE, related_name="bulk_changes")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField(db_default=Now())
    wish = models.JSONField(default=dict)
    """`connectors.bulk.wish.Wish`: what is to be done."""
    filters = models.CharField(max_length=1000, blank=True)
    """Of the table that it came from, as in its address."""
    is_of_all = models.BooleanField(default=False)
    """All that matched the filters at the preview, rather than ticked ones."""
    seen = models.JSONField(default=dict)
    """Of each tool, how it stood at the preview: what the change is bound to, and what undoing it goes back to."""
    done = models.JSONField(default=dict)
    """Of each tool that was changed, how it stands since: undoing it leaves alone what stands otherwise by then."""
    outcome = models.CharField(max_length=2000, blank=True)
    applied_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["-made_at"]
        indexes = [
            models.Index(fields=["connector", "-made_at"], name="bulk_change_of_connector"),
            models.Index(fields=["organization", "-made_at"], name="bulk_change_newest"),
            models.Index(fields=["made_at"], name="bulk_change_old"),
        ]

    def __str__(self) -> str:
        return f"{self.wish.get('action', '')} {self.made_at}"
