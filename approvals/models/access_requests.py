"""Requests for tools that somebody does not have."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from approvals.models.tickets import Ticket
from harriet.lib.ids import new_id


class AccessRequest(models.Model):
    """Somebody asks for tools that they don't have: of one connector, or of none that they know of."""

    class State(models.TextChoices):
        OPEN = "open", "Waiting for an answer"
        GIVEN = "given", "Access was given"
        DECLINED = "declined", "Declined"
        WITHDRAWN = "withdrawn", "Withdrawn"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey("people.Organization", on_delete=models.CASCADE, related_name="+")
    ticket = models.OneToOneField(Ticket, on_delete=models.CASCADE, related_name="access_request")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    connector = models.ForeignKey("connectors.Connector", on_delete=models.SET_NULL, null=True, related_name="+")
    connector_label = models.CharField(max_length=80, blank=True)
    """As it was called then; empty for a request that names none."""
    need = models.CharField(max_length=500)
    """What they need it for, in their words."""
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    answered_by_label = models.CharField(max_length=200, blank=True)
    answer = models.CharField(max_length=500, blank=True)
    """What the person was told with it."""
    created_at = models.DateTimeField(db_default=Now())
    answered_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["organization", "state", "-created_at"], name="access_request_open"),
            models.Index(fields=["organization", "-created_at"], name="access_request_newest"),
            models.Index(fields=["person", "state"], name="access_request_of_person"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "connector"],
                condition=models.Q(state="open", connector__isnull=False),
                name="access_request_open_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.connector_label or 'Something new'} for {self.person}"

    @property
    def notice_key(self) -> str:
        """Names the line in the inboxes of those who answer it."""
        return f"access request {self.pk}"
