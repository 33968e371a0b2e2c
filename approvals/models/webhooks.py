"""Addresses outside that are told of what waits for people, and the messages that they are sent."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from harriet.lib.ids import new_id


class Webhook(models.Model):
    """A channel of Slack or Mattermost, or a program of the company. Its address often is a secret, so it is sealed."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey("people.Organization", on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=80)
    host = models.CharField(max_length=260)
    """The part of the address that people may see, with the port where it is not the scheme's own."""
    sealed_address = models.BinaryField()
    sealed_key = models.BinaryField()
    """With which every message is signed."""
    allow_internal = models.BooleanField(default=False)
    """Its host is inside the company: it is reached where the organization lists it."""
    kinds = models.JSONField(default=list)
    """Codes of what it is told of."""
    is_active = models.BooleanField(default=True)
    made_by_label = models.CharField(max_length=200)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    sent_at = models.DateTimeField(null=True)
    """When it last took a message."""
    problem = models.CharField(max_length=200, blank=True)
    """Why it did not take the latest; empty again once it took one."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "name"], name="webhook_name_once")]
        indexes = [models.Index(fields=["organization", "-created_at"], name="webhook_newest")]

    def __str__(self) -> str:
        return self.name


class WebhookMessage(models.Model):
    """One matter for one webhook. Told again when there is more in it: what was told already is left out then."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="messages")
    kind = models.CharField(max_length=20)
    key = models.CharField(max_length=120)
    """Names the matter, as in the inboxes of people."""
    text = models.CharField(max_length=300)
    path = models.CharField(max_length=200)
    details = models.JSONField(default=list, blank=True)
    """What the text counts: pairs of words and path."""
    sent_details = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    due_at = models.DateTimeField(null=True)
    """When it is to be sent; null for nothing to send."""
    tries = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["webhook", "key"], name="webhook_message_once")]
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(due_at__isnull=False), name="webhook_message_due"),
            models.Index(fields=["created_at"], name="webhook_message_age"),
            models.Index(fields=["webhook", "-created_at"], name="webhook_message_newest"),
        ]

    def __str__(self) -> str:
        return self.text
