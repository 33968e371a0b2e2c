"""Held calls, with the decisions on them."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from approvals.models.tickets import Ticket
from harriet.lib.ids import new_id

COLLECT_WITHIN = timedelta(hours=24)
"""After the time in which somebody could decide, a result waits this long for its client: a day or more after it ran.
What a client was not told of a refusal is told for as long."""


class PendingAction(models.Model):
    """One call that waits for a person. Moves only by compare-and-set on `state`:

    waiting → approved → executing → done → collected; waiting → rejected | expired | withdrawn | ended;
    approved → invalid (what the approval was bound to has changed) | expired (it did not run in time) | withdrawn;
    executing → unknown (the executor is gone); done → lapsed (nobody collected the result in time, so it was deleted).
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting for approval"
        APPROVED = "approved", "Approved, about to run"
        EXECUTING = "executing", "Running"
        DONE = "done", "Ran, result waits to be collected"
        COLLECTED = "collected", "Ran, result collected"
        LAPSED = "lapsed", "Ran, result not collected in time"
        REJECTED = "rejected", "Rejected"
        EXPIRED = "expired", "Expired"
        WITHDRAWN = "withdrawn", "Withdrawn"
        ENDED = "ended", "Ended with the caller's access"
        UNKNOWN = "unknown", "Started, outcome unknown"
        INVALID = "invalid", "Approval no longer fitted"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey("people.Organization", on_delete=models.CASCADE, related_name="+")
    ticket = models.OneToOneField(Ticket, on_delete=models.CASCADE, related_name="action")
    connector = models.ForeignKey("connectors.Connector", on_delete=models.CASCADE, related_name="+")
    tool = models.ForeignKey("connectors.Tool", on_delete=models.CASCADE, related_name="+")
    profile = models.ForeignKey("connectors.Profile", on_delete=models.CASCADE, null=True, related_name="+")
    token = models.ForeignKey("people.AccessToken", on_delete=models.CASCADE, null=True, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+")
    run_step = models.OneToOneField(
        "approvals.RunStep", on_delete=models.CASCADE, null=True, related_name="pending_action"
    )
    """The step of a workflow's run that waits for it; null for the call of a client."""
    caller_label = models.CharField(max_length=200)
    device_id: models.UUIDField[UUID | None, UUID | None] = models.UUIDField(null=True)
    """No foreign key: the log goes on naming the device when its row is gone."""
    device_label = models.CharField(max_length=80, blank=True)
    client_label = models.CharField(max_length=120, blank=True)
    """What the client calls itself, with its version."""
    token_hint = models.CharField(max_length=8, blank=True)
    risk = models.CharField(max_length=10)
    reason = models.CharField(max_length=300)
    """Why the call was held, the same sentence for everyone."""
    request_id = models.UUIDField()
    sealed_arguments = models.BinaryField()
    sealed_meta = models.BinaryField(null=True)
    """Of the client's `_meta` what is sent along with the arguments; null when there is nothing."""
    binding = models.BinaryField(max_length=32)
    """SHA-256 over everything that the approval is bound to (organization, caller, connector revision, tool
    definition, exact bytes of arguments and `_meta`, credential version); the repeated call is found by it."""
    bound_parts = models.JSONField(default=dict, db_default={})
    """The digest of each of these, so that a void approval says which has changed."""
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    reminded_at = models.DateTimeField(null=True)
    """When those who may decide were told that it expires soon."""
    decided_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    sealed_result = models.BinaryField(null=True)
    """Gone once it was collected; one that was read as a task's is kept until `collect_until`, to be read again."""
    outcome_reason = models.CharField(max_length=500, blank=True)
    """Why it did not run, in the words that the client and the ticket show."""
    edition = models.PositiveSmallIntegerField(default=0, db_default=0)
    """How often its arguments were changed by those who decide: what is sealed, shown and sent is the latest."""
    edited_binding = models.BinaryField(max_length=32, null=True)
    """What the approval is bound to since they were changed. `binding` stays what was asked for: the same call repeated
    collects what came of the changed one."""
    told_at = models.DateTimeField(null=True)
    """When the client heard the end of it: the result, or the refusal. After that the same call asks anew."""

    class Meta:
        indexes = [
            models.Index(fields=["organization", "binding"]),
            models.Index(fields=["state", "expires_at"]),
            models.Index(
                fields=["organization", "user"], condition=models.Q(state="waiting"), name="pending_action_waiting"
            ),
            models.Index(
                fields=["connector", "user"], condition=models.Q(state="waiting"), name="pending_action_at_connector"
            ),
            models.Index(fields=["organization", "-created_at"], name="pending_action_newest"),
            models.Index(
                fields=["expires_at"],
                condition=models.Q(sealed_result__isnull=False),
                name="pending_action_result_kept",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "binding"],
                condition=models.Q(state__in=["waiting", "approved", "executing", "done"]),
                name="pending_action_open_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.state}"

    @property
    def is_waiting(self) -> bool:
        """Somebody can decide on it now."""
        return self.state == PendingAction.State.WAITING and self.expires_at > timezone.now()

    @property
    def agreed(self) -> bytes:
        """What whoever runs it has to find unchanged."""
        return bytes(self.edited_binding or self.binding)

    @property
    def collect_until(self) -> datetime:
        """When a result that nobody collected is deleted."""
        return self.expires_at + COLLECT_WITHIN


class Decision(models.Model):
    """Who decided on an action, how and why: a row for each person and each edition, never changed. A decision on an
    edition that was changed since is void."""

    class Choice(models.TextChoices):
        APPROVE = "approve", "Approved"
        REJECT = "reject", "Rejected"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    action = models.ForeignKey(PendingAction, on_delete=models.CASCADE, related_name="decisions")
    edition = models.PositiveSmallIntegerField(default=0, db_default=0)
    """Which arguments it was about: the action's own number at that moment."""
    approver = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    approver_label = models.CharField(max_length=200)
    verdict = models.CharField(max_length=10, choices=Choice.choices)
    reason = models.CharField(max_length=500, blank=True)
    decided_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["decided_at", "pk"]
        indexes = [
            models.Index(fields=["-decided_at"], name="decision_newest"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["action", "edition", "approver", "verdict"], name="decision_once"),
        ]

    def __str__(self) -> str:
        return f"{self.verdict} by {self.approver_label}"


class ActionEdit(models.Model):
    """Somebody who decides changed the arguments of a held call: a row for each time, never changed."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    action = models.ForeignKey(PendingAction, on_delete=models.CASCADE, related_name="edits")
    edition = models.PositiveSmallIntegerField()
    """The number that the action has since."""
    editor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    editor_label = models.CharField(max_length=200)
    reason = models.CharField(max_length=500)
    sealed_before = models.BinaryField()
    """The arguments as they were; what they became is the action's, or the next edit's."""
    edited_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["edition"]
        indexes = [models.Index(fields=["-edited_at"], name="action_edit_newest")]
        constraints = [models.UniqueConstraint(fields=["action", "edition"], name="action_edit_once")]

    def __str__(self) -> str:
        return f"{self.edition} by {self.editor_label}"
