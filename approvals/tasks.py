"""What Celery runs around held calls: each task takes ids and calls one action."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task

from approvals.actions.expire_actions import expire_actions
from approvals.actions.tell_approvers import tell_approvers, tell_approvers_the_rest
from audit.actor import SYSTEM


@shared_task(name="approvals.expire_actions")
def expire_actions_task() -> None:
    expire_actions(actor=SYSTEM)


@shared_task(name="approvals.mail_approvers")
def tell_approvers_task(action_id: str) -> None:
    tell_approvers(UUID(action_id))


@shared_task(name="approvals.mail_waiting")
def tell_approvers_the_rest_task() -> None:
    tell_approvers_the_rest()
