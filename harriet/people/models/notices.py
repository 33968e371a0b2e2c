"""What waits for a person, and how they hear of it."""

from __future__ import annotations

from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models.functions import Now

from harriet.lib.ids import new_id
from harriet.people.models.organizations import Organization
from harriet.people.models.users import User


class Notice(models.Model):
    """One line in a person's inbox: what waits for them, with the link where they act; and what is sent about it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=20, blank=True)
    """A key of `harriet.people.notifications.kinds.KINDS`; empty for lines from before there were kinds."""
    text = models.CharField(max_length=300)
    path = models.CharField(max_length=200)
    key = models.CharField(max_length=120)
    """Names what the notice is about; the same thing is noticed once."""
    details = models.JSONField(default=list, blank=True)
    """What the text counts: pairs of words and path."""
    created_at = models.DateTimeField(db_default=Now())
    read_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    """When the matter was over: nobody has to do anything about it any more."""
    due_at = models.DateTimeField(null=True)
    """When it is to be sent by another way than the inbox; null for nothing to send."""
    tried_at = models.DateTimeField(null=True)
    """When somebody last set out to send it."""
    sent_at = models.DateTimeField(null=True)
    """When it last went out."""
    sent_details = models.JSONField(default=list, blank=True)
    """The paths of the details that went out already."""
    problem = models.CharField(max_length=200, blank=True)
    """Why it could not be sent at the last try."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="notice_once")]
        indexes = [
            models.Index(fields=["user", "organization"], condition=models.Q(read_at=None), name="notice_unread"),
            models.Index("organization", OpClass("key", "text_pattern_ops"), name="notice_of_key"),
            models.Index(fields=["organization", "-created_at"], name="notice_newest"),
            models.Index(fields=["user", "organization", "-created_at", "-id"], name="notice_of_person"),
            models.Index(fields=["due_at"], condition=models.Q(due_at__isnull=False), name="notice_due"),
            models.Index(fields=["created_at"], condition=models.Q(read_at__isnull=False), name="notice_read_old"),
            models.Index(fields=["created_at"], condition=models.Q(read_at=None), name="notice_unread_old"),
        ]

    def __str__(self) -> str:
        return self.text


class NotificationChoice(models.Model):
    """How a person wants to hear of one kind of matter, where they chose another way than the usual one."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notification_choices")
    kind = models.CharField(max_length=20)
    channel = models.CharField(max_length=10)
    """A key of `harriet.people.notifications.channels.registry.CHANNELS`."""
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "kind"], name="notification_choice_once")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.channel}"


class MailResult(models.Model):
    """How the last mails of this installation went: one row, for whoever looks after the mail server."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    sent_at = models.DateTimeField(null=True)
    """When the mail server last took a mail."""
    failed_at = models.DateTimeField(null=True)
    """When it last did not."""
    problem = models.CharField(max_length=200, blank=True)
    """What was wrong then; empty again once a mail went out."""

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="mail_result_one_row")]

    def __str__(self) -> str:
        return self.problem or "Mail goes out"

    @property
    def is_refused(self) -> bool:
        """The last one, whatever became of those before it."""
        return bool(self.problem)
