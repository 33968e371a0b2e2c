"""Each look at what a server offers, and what it changed."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from connectors.models.connectors import Connector
from harriet.lib.ids import new_id

LONGEST_SYNC = timedelta(minutes=5)


class SyncRun(models.Model):
    """One look at what a server offers, and what it changed here."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    connector = models.ForeignKey(Connector, on_delete=models.CASCADE, related_name="sync_runs")
    started_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)
    is_success = models.BooleanField(default=False)
    found = models.PositiveIntegerField(default=0)
    """Tools; prompts are counted beside them, and resources are there or not."""
    found_prompts = models.PositiveIntegerField(default=0)
    found_resources = models.BooleanField(default=False)
    added = models.JSONField(default=list)
    changed = models.JSONField(default=list)
    removed = models.JSONField(default=list)
    renamed = models.JSONField(default=list)
    """Pairs [old name, new name] that look like one tool."""
    restored = models.JSONField(default=list)
    """Tools that are offered as accepted again."""
    refused = models.JSONField(default=list)
    """Sentences about what the server sent and Harriet did not take, at most a hundred."""
    refused_count = models.PositiveIntegerField(default=0)
    """All of them; 0 in runs of earlier releases."""
    mended = models.JSONField(default=list)
    """Sentences about what was taken otherwise than the server sent it, at most a hundred."""
    mended_count = models.PositiveIntegerField(default=0)
    unchecked = models.JSONField(default=list)
    """Sentences about what was taken though not all of its schemas can be checked, at most a hundred."""
    unchecked_count = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-started_at"]
        indexes = [
            models.Index(fields=["-started_at"], name="sync_run_newest"),
            models.Index(fields=["connector", "-started_at"], name="sync_run_of_connector"),
        ]

    def __str__(self) -> str:
        return f"{self.connector_id} {self.started_at}"

    @property
    def is_running(self) -> bool:
        """It began and has not ended; of one that a stopped process left behind nothing is told."""
        return self.finished_at is None and self.started_at > timezone.now() - LONGEST_SYNC

    @property
    def all_refused(self) -> int:
        """How many, with those beyond the sentences."""
        return max(self.refused_count, len(self.refused))
