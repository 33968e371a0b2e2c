"""Reports of odd behaviour."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from approvals.models.tickets import Ticket
from harriet.lib.ids import new_id


class Report(models.Model):
    """Somebody saw something odd: of a held call, or of a call in the log. The admins answer."""

    class State(models.TextChoices):
        OPEN = "open", "Waiting for an answer"
        RESOLVED = "resolved", "Answered"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey("people.Organization", on_delete=models.CASCADE, related_name="+")
    ticket = models.OneToOneField(Ticket, on_delete=models.CASCADE, related_name="report")
    reporter = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    text = models.CharField(max_length=2000)
    """What is odd, in their words."""
    about = models.ForeignKey(Ticket, on_delete=models.SET_NULL, null=True, related_name="reports")
    """The ticket of the held call."""
    event_id: models.UUIDField[UUID | None, UUID | None] = models.UUIDField(null=True)
    """The event in the audit log; no foreign key: the log has a life of its own."""
    connector = models.ForeignKey("connectors.Connector", on_delete=models.SET_NULL, null=True, related_name="+")
    connector_label = models.CharField(max_length=80, blank=True)
    tool_label = models.CharField(max_length=200, blank=True)
    has_paused = models.BooleanField(default=False)
    """The connector was paused with it."""
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    answer = models.CharField(max_length=2000, blank=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    answered_by_label = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    answered_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["organization", "state", "-created_at"], name="report_open"),
            models.Index(fields=["organization", "-created_at"], name="report_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.ticket} by {self.reporter}"

    @property
    def notice_key(self) -> str:
        """Names the line in the inboxes of those who answer it."""
        return f"report {self.pk}"
