"""What the verbs of runs share: their events, and whom the person of a run hears from."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from approvals.events import RunEvent
from approvals.models import WorkflowRun
from audit.actor import Actor, Label
from audit.record import record
from harriet.people.actions.notice_person import notice_person
from harriet.people.actions.settle_matter import settle_matter
from harriet.people.notifications.kinds import RUNS


def write_run_event(kind: type[RunEvent], run: WorkflowRun, *, actor: Actor, **more: Any) -> None:
    happened = kind(
        person=Label(run.user_id, run.caller_label),
        workflow=run.name,
        ticket=run.ticket.as_label(),
        **more,
    )
    record(happened, organization_id=run.organization_id, actor=actor)


def tell_person(run: WorkflowRun, became: str) -> None:
    """In their inbox. `became` goes on after “Your run of Onboarding ”."""
    path = reverse("tickets:detail", args=[run.ticket.number])
    text = f"Your run of {run.name} {became}"[:300]
    settle_for_person(run)  # what it asked before is over
    notice_person(run.user, run.organization, text, path, _key(run), mail=False, kind=RUNS)


def settle_for_person(run: WorkflowRun) -> None:
    """Nothing is asked of them any more."""
    settle_matter(run.organization_id, _key(run))


def _key(run: WorkflowRun) -> str:
    return f"run {run.pk}"
