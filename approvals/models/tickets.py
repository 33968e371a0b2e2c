"""What people see of whatever waits for one of them, by a number."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from audit.actor import Label
from harriet.lib.ids import new_id

CLAIM_LASTS = timedelta(minutes=15)


class Ticket(models.Model):
    """What people see of a held call, a request for access or a report, by a number within the organization."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey("people.Organization", on_delete=models.CASCADE, related_name="tickets")
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=200)
    is_open = models.BooleanField(default=True)
    requester = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    requester_label = models.CharField(max_length=200)
    created_at = models.DateTimeField(db_default=Now())
    claimed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    """Who says that they are looking at it; it keeps nobody else from deciding."""
    claimed_by_label = models.CharField(max_length=200, blank=True, db_default="")
    claimed_at = models.DateTimeField(null=True)
    handed_to = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    """Whom somebody asked to decide on it, most lately."""
    handed_to_label = models.CharField(max_length=200, blank=True, db_default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "number"], name="ticket_number_once")]
        indexes = [
            models.Index(fields=["organization", "-number"], condition=models.Q(is_open=True), name="ticket_open"),
            models.Index(fields=["organization", "-created_at"], name="ticket_newest"),
        ]

    def __str__(self) -> str:
        return f"#{self.number} {self.title}"

    @property
    def is_claimed(self) -> bool:
        """Somebody said lately that they are looking at it."""
        return self.claimed_at is not None and self.claimed_at > timezone.now() - CLAIM_LASTS

    def as_label(self) -> Label:
        """As the audit log names it."""
        return Label(self.pk, f"#{self.number}")


class TicketComment(models.Model):
    """What somebody said on a ticket; with a hand-over, to whom it went."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="comments")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    author_label = models.CharField(max_length=200)
    text = models.CharField(max_length=2000, blank=True)
    handed_to_label = models.CharField(max_length=200, blank=True)
    """Who was asked to decide; empty for a mere comment."""
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["created_at", "pk"]
        indexes = [
            models.Index(fields=["ticket", "created_at"], name="ticket_comment_of"),
            models.Index(fields=["-created_at"], name="ticket_comment_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.author_label}: {self.text[:40]}"
