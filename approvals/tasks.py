"""What Celery runs around held calls: each task takes ids and calls one action."""

from __future__ import annotations

from celery import shared_task

from approvals.actions.expire_actions import expire_actions
from audit.actor import SYSTEM


@shared_task(name="approvals.expire_actions")
def expire_actions_task() -> None:
    """Ends held calls that nobody decided in time, and those whose process is gone."""
    expire_actions(actor=SYSTEM)
