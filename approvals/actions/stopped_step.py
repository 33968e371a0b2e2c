"""The step at which a run stopped, for the person who says how it goes on."""

from __future__ import annotations

from approvals.errors import NotYours, TooLate
from approvals.models import RunStep, WorkflowRun
from approvals.runs.leases import STOPPED
from audit.actor import Actor
from harriet.people.actors import person_behind
from harriet.people.models import Membership


def stopped_step(run: WorkflowRun, actor: Actor) -> tuple[WorkflowRun, RunStep]:
    """In a transaction, which has the run's row from now on. Raises NotYours, or TooLate."""
    who = person_behind(actor)
    here = Membership.objects.filter(organization=run.organization_id, user=who, is_active=True)
    if who is None or who.pk != run.user_id or not here.exists():
        raise NotYours("Only the person of the run says how it goes on: its calls are made in their name.")
    runs = WorkflowRun.objects.select_for_update(of=("self",), no_key=True)
    locked = runs.select_related("ticket", "user", "organization").get(pk=run.pk)
    step = RunStep.objects.filter(run=run, position=locked.cursor).order_by("-attempt").first()
    if locked.state not in STOPPED or step is None:
        raise TooLate("This run goes on already, or has ended. Reload the page to see how it stands.")
    return locked, step
