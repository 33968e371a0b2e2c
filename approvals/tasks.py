"""What Celery runs around held calls: each task takes ids and calls one action."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task

from approvals.actions.expire_actions import expire_actions
from approvals.actions.tell_approvers import tell_approvers, tell_approvers_the_rest
from audit.actor import SYSTEM


@shared_task(name="approvals.expire_actions")
def expire_actions_task() -> None:
    """Ends held calls that nobody decided in time, and those whose process is gone."""
    expire_actions(actor=SYSTEM)


@shared_task(name="approvals.mail_approvers")
def tell_approvers_task(action_id: str) -> None:
    """A call was put on a ticket: tells those who may decide."""
    tell_approvers(UUID(action_id))


@shared_task(name="approvals.mail_waiting")
def tell_approvers_the_rest_task() -> None:
    """Tells those who may decide of what waits and was not told yet."""
    tell_approvers_the_rest()
