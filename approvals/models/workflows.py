"""Workflows, their runs, and each attempt at a step of a run."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from approvals.models.tickets import Ticket
from harriet.lib.ids import new_id
from harriet.people.trust import Trust


class Workflow(models.Model):
    """Steps that are gone through for whoever starts a run, with the tools of one profile. `approvals.runs.definition`
    says what stands in `inputs` and `steps`; a run keeps those it was started with."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        ACTIVE = "active", "Active"
        OFF = "off", "Switched off"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey("people.Organization", on_delete=models.CASCADE, related_name="+")
    slug = models.SlugField(max_length=60)
    name = models.CharField(max_length=80)
    description = models.CharField(max_length=500, blank=True)
    profile = models.ForeignKey("connectors.Profile", on_delete=models.SET_NULL, null=True, related_name="+")
    """Whose tools its steps call; whoever may enter it may start runs."""
    inputs = models.JSONField(default=list)
    steps = models.JSONField(default=list)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(db_default=Now())
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "slug"], name="workflow_slug_once")]
        indexes = [models.Index(fields=["organization", "name"], name="workflow_by_name")]

    def __str__(self) -> str:
        return self.name


class WorkflowRun(models.Model):
    """One run, on a ticket of its own, as one person. Whoever works at it holds its `lease`; `approvals.runs.leases`
    hands it out."""

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        WAITING = "waiting", "Waiting"
        FAILED = "failed", "Stopped at a step that failed"
        UNKNOWN = "unknown", "Stopped: it is not known whether a step ran"
        DONE = "done", "Done"
        CANCELLED = "cancelled", "Cancelled"
        ENDED = "ended", "Ended with the person's access"

    class Origin(models.TextChoices):
        PAGE = "page", "In the pages"
        API = "api", "Over the API"
        SCHEDULE = "schedule", "By its schedule"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey("people.Organization", on_delete=models.CASCADE, related_name="+")
    ticket = models.OneToOneField(Ticket, on_delete=models.CASCADE, related_name="run")
    workflow = models.ForeignKey(Workflow, on_delete=models.SET_NULL, null=True, related_name="runs")
    name = models.CharField(max_length=80)
    """As the workflow was called then."""
    version = models.PositiveIntegerField()
    steps = models.JSONField()
    """As they were when it was started."""
    profile = models.ForeignKey("connectors.Profile", on_delete=models.SET_NULL, null=True, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    """As whom it calls tools, with their rights of the moment."""
    caller_label = models.CharField(max_length=200)
    origin = models.CharField(max_length=10, choices=Origin.choices)
    trust = models.CharField(max_length=12, choices=Trust.choices, blank=True, db_default="")
    """Stricter than the profile's, if its person wanted that; empty for the profile's alone."""
    sealed_inputs = models.BinaryField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING)
    cursor = models.PositiveSmallIntegerField(default=0)
    """The step that it is at."""
    due_at = models.DateTimeField(null=True)
    """When somebody is to go on with it; null while it waits for a person, and once it has stopped."""
    queued_at = models.DateTimeField(null=True)
    """When a worker was last asked to."""
    lease: models.UUIDField[UUID | None, UUID | None] = models.UUIDField(null=True)
    heartbeat_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=500, blank=True)
    """Why it stopped or ended."""
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at"], condition=models.Q(lease=None, due_at__isnull=False), name="workflow_run_due"
            ),
            models.Index(fields=["heartbeat_at"], condition=models.Q(lease__isnull=False), name="workflow_run_leased"),
            models.Index(fields=["organization", "-created_at"], name="workflow_run_newest"),
            models.Index(fields=["workflow", "-created_at"], name="workflow_run_of_workflow"),
            models.Index(fields=["user", "-created_at"], name="workflow_run_of_person"),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.state}"


class RunStep(models.Model):
    """One attempt at one step. Its id is the request id of its call in the audit log, and what its approval is bound
    to. Moves only by compare-and-set:

    running → sending → done | failed | unknown; running → waiting → sending | done | failed; running → lost (the
    process died before anything left, so another attempt is made); running | waiting → cancelled.
    """

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        SENDING = "sending", "Sent, no answer yet"
        WAITING = "waiting", "Waiting"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        UNKNOWN = "unknown", "Outcome unknown"
        LOST = "lost", "Broken off before anything was sent"
        CANCELLED = "cancelled", "Cancelled"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    run = models.ForeignKey(WorkflowRun, on_delete=models.CASCADE, related_name="attempts")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=40)
    kind = models.CharField(max_length=20)
    attempt = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING)
    lease: models.UUIDField[UUID | None, UUID | None] = models.UUIDField(null=True)
    """Of the run, as long as somebody works at this attempt: nobody else can send anything for it."""
    tool = models.ForeignKey("connectors.Tool", on_delete=models.SET_NULL, null=True, related_name="+")
    sealed_arguments = models.BinaryField(null=True)
    sealed_result = models.BinaryField(null=True)
    replied_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    """Who answered what it asked: later steps may send their words, so they decide on none of the run's calls."""
    waits_until = models.DateTimeField(null=True)
    reason = models.CharField(max_length=500, blank=True)
    """What it waits for, why it failed, or who said what became of it."""
    started_at = models.DateTimeField(db_default=Now())
    sent_at = models.DateTimeField(null=True)
    """Before this moment nothing has left."""
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "position", "attempt"], name="run_step_attempt_once")]

    def __str__(self) -> str:
        return f"{self.position + 1}. {self.name}"
