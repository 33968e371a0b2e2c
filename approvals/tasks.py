"""What Celery runs around held calls and runs of workflows: each task takes ids and calls one action."""

from __future__ import annotations

from celery import shared_task

from approvals.actions.expire_actions import expire_actions
from approvals.actions.lapse_results import lapse_results
from approvals.actions.queue_runs import queue_runs
from approvals.actions.reap_runs import reap_runs
from approvals.actions.remind_approvers import remind_approvers
from approvals.actions.send_webhooks import send_due_messages
from approvals.actions.start_scheduled_runs import start_scheduled_runs
from approvals.webhooks.outbox import forget_old_messages
from audit.actor import SYSTEM


@shared_task(name="approvals.expire_actions")
def expire_actions_task() -> None:
    """Ends held calls that nobody decided in time, and those whose process is gone."""
    expire_actions(actor=SYSTEM)


@shared_task(name="approvals.remind_approvers")
def remind_approvers_task() -> None:
    """Tells those who may decide of calls that expire soon."""
    remind_approvers(actor=SYSTEM)


@shared_task(name="approvals.send_webhooks")
def send_webhooks_task() -> None:
    """Sends webhooks what they are to be told, and what they did not take before."""
    send_due_messages()


@shared_task(name="approvals.forget_webhook_messages")
def forget_webhook_messages_task() -> None:
    """Messages to webhooks of which nothing is to be sent any more."""
    forget_old_messages()


@shared_task(name="approvals.lapse_results")
def lapse_results_task() -> None:
    """Deletes results that nobody collected in time."""
    lapse_results(actor=SYSTEM)


@shared_task(name="approvals.queue_runs", acks_late=False)
def queue_runs_task() -> None:
    """Asks workers to go on with the runs of workflows that are due."""
    queue_runs()


@shared_task(name="approvals.start_scheduled_runs", acks_late=False)
def start_scheduled_runs_task() -> None:
    """Starts the runs of workflows whose scheduled time has come."""
    start_scheduled_runs(actor=SYSTEM)


@shared_task(name="approvals.reap_runs", acks_late=False)
def reap_runs_task() -> None:
    """Gives up processes that worked at runs of workflows and are gone."""
    reap_runs(actor=SYSTEM)
