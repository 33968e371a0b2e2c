"""End the runs of somebody whose access ended: nothing more is done in their name."""

from __future__ import annotations

from approvals.actions.close_run import close_run
from approvals.actions.run_events import write_run_event
from approvals.events import RunEnded
from approvals.models import RunSchedule, WorkflowRun
from approvals.runs.leases import OPEN, STOPPED
from harriet.people.endings import Ending


def end_runs(ending: Ending) -> None:
    """Docks in `harriet.people.endings.ACCESS`. What was being sent at this moment comes to its own end."""
    RunSchedule.objects.filter(organization=ending.organization_id, user=ending.user_id).delete()
    mine = WorkflowRun.objects.filter(
        organization=ending.organization_id, user=ending.user_id, state__in=OPEN + STOPPED
    )
    for run in mine.select_related("ticket", "user", "organization"):
        if close_run(run, WorkflowRun.State.ENDED, ending.why, actor=ending.actor):
            write_run_event(RunEnded, run, actor=ending.actor, reason=ending.why)
