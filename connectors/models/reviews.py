"""Reviews of connectors: what was submitted, what was found in it, who decided, and what was said."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from connectors.models.connectors import Connector
from harriet.lib.ids import new_id


class Assessment(models.Model):
    """What is known of a connector's definition as it is now: written anew whenever something of it changes."""

    connector = models.OneToOneField(Connector, on_delete=models.CASCADE, primary_key=True, related_name="assessment")
    digest = models.BinaryField(max_length=32, default=bytes)
    """SHA-256 of `parts`; empty while nobody has looked yet."""
    parts = models.JSONField(default=dict)
    """The definition, part by part: the address, how it signs in, each tool's digest and risk class …"""
    findings = models.JSONField(default=list)
    score = models.PositiveSmallIntegerField(default=0)
    makers = models.JSONField(default=list)
    """Ids of the people who began or changed it since somebody last approved it: none of them reviews it."""
    assessed_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.connector_id}: {self.score}"


class Review(models.Model):
    """One submission of a connector, bound to the definition that was submitted."""

    class State(models.TextChoices):
        WAITING = "needs_review", "Needs review"
        CHANGES = "changes_requested", "Changes requested"
        APPROVED = "approved", "Approved"
        BLOCKED = "blocked", "Blocked"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey("people.Organization", on_delete=models.CASCADE, related_name="+")
    connector = models.ForeignKey(Connector, on_delete=models.CASCADE, related_name="reviews")
    submitter = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    submitter_label = models.CharField(max_length=254, blank=True)
    makers = models.JSONField(default=list)
    """Ids of the people who made what is reviewed, the submitter among them."""
    cause = models.CharField(max_length=300)
    """Why it is reviewed: it is new, or what changed."""
    is_in_service = models.BooleanField(default=False)
    """It was approved before and goes on serving calls while this review waits."""
    digest = models.BinaryField(max_length=32)
    parts = models.JSONField(default=dict)
    findings = models.JSONField(default=list)
    score = models.PositiveSmallIntegerField(default=0)
    versions = models.JSONField(default=list)
    """What changed while it waited: each with the digest that it had before, so that an old page can say what moved."""
    state = models.CharField(max_length=18, choices=State.choices, default=State.WAITING)
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    reviewer_label = models.CharField(max_length=254, blank=True)
    words = models.TextField(blank=True)
    """What the reviewer said with the decision."""
    override_reason = models.CharField(max_length=500, blank=True)
    """Why an owner approved it although it is Critical."""
    submitted_at = models.DateTimeField(db_default=Now())
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-submitted_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["connector"], condition=models.Q(state="needs_review"), name="review_one_waits"
            )
        ]
        indexes = [
            models.Index(fields=["organization", "-submitted_at"], name="review_newest"),
            models.Index(fields=["organization", "state", "-submitted_at"], name="review_by_state"),
            models.Index(fields=["connector", "-submitted_at"], name="review_of_connector"),
        ]

    def __str__(self) -> str:
        return f"Review of {self.connector}"


class ReviewComment(models.Model):
    """Something that somebody said on a review."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="comments")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    author_label = models.CharField(max_length=254)
    text = models.TextField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["at"]
        indexes = [
            models.Index(fields=["review", "at"], name="review_comment_of_review"),
            models.Index(fields=["-at"], name="review_comment_newest"),
        ]

    def __str__(self) -> str:
        return self.text[:60]
