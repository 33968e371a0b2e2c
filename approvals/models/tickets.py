"""What people see of whatever waits for one of them, by a number."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from audit.actor import Label
from harriet.lib.ids import new_id


class Ticket(models.Model):
    """What people see of a held call, or of a request for access, by a number within the organization."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey("people.Organization", on_delete=models.CASCADE, related_name="tickets")
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=200)
    is_open = models.BooleanField(default=True)
    requester = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    requester_label = models.CharField(max_length=200)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "number"], name="ticket_number_once")]
        indexes = [
            models.Index(fields=["organization", "-number"], condition=models.Q(is_open=True), name="ticket_open"),
            models.Index(fields=["organization", "-created_at"], name="ticket_newest"),
        ]

    def __str__(self) -> str:
        return f"#{self.number} {self.title}"

    def as_label(self) -> Label:
        """As the audit log names it."""
        return Label(self.pk, f"#{self.number}")
