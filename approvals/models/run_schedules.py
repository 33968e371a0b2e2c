"""When runs are started by themselves: for the person who wants it, and as that person."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from approvals.models.workflows import Workflow, WorkflowRun
from harriet.lib.ids import new_id


class RunSchedule(models.Model):
    """Somebody's wish to have a workflow run again and again."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey("people.Organization", on_delete=models.CASCADE, related_name="+")
    workflow = models.ForeignKey(Workflow, on_delete=models.CASCADE, related_name="schedules")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    cron = models.CharField(max_length=100)
    """Five fields: minute, hour, day of the month, month, day of the week."""
    time_zone = models.CharField(max_length=64)
    sealed_inputs = models.BinaryField()
    due_at = models.DateTimeField(null=True)
    """Null while it is stopped."""
    last_run = models.ForeignKey(WorkflowRun, on_delete=models.SET_NULL, null=True, related_name="+")
    problem = models.CharField(max_length=500, blank=True)
    """Why no run was started the last time; it is stopped then."""
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(due_at__isnull=False), name="run_schedule_due"),
            models.Index(fields=["organization", "-created_at"], name="run_schedule_newest"),
            models.Index(fields=["user", "-created_at"], name="run_schedule_of_person"),
        ]

    def __str__(self) -> str:
        return f"{self.workflow}: {self.cron} ({self.time_zone})"
