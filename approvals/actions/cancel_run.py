"""End a run before its end: one's own, or another's as who manages connectors."""

from __future__ import annotations

from django.db import transaction

from approvals.actions.close_run import close_run
from approvals.actions.run_events import write_run_event
from approvals.errors import TooLate
from approvals.events import RunCancelled
from approvals.models import WorkflowRun
from audit.actor import Actor
from harriet.people.actors import person_behind
from harriet.people.permissions import demand
from harriet.people.roles import Power


@transaction.atomic
def cancel_run(run: WorkflowRun, *, actor: Actor) -> None:
    """Raises NotAllowed, or TooLate for a run that has come to its end."""
    who = person_behind(actor)
    if who is None or who.pk != run.user_id:
        demand(actor, run.organization, Power.MANAGE_CONNECTORS)
    if not close_run(run, WorkflowRun.State.CANCELLED, f"Cancelled by {actor.label}.", actor=actor):
        raise TooLate("This run has come to its end already, so there was nothing to cancel.")
    write_run_event(RunCancelled, run, actor=actor)
