"""Celery tasks around held calls. They take ids; losing one loses nothing: the schedule finds the rows."""

from __future__ import annotations

import logging
from uuid import UUID

from celery import current_app, shared_task
from django.db import transaction
from kombu.exceptions import OperationalError

from approvals.inbox import ask_approvers
from approvals.mail import is_mail_due, mail_about, unmailed
from approvals.models import PendingAction
from audit.actor import SYSTEM

log = logging.getLogger(__name__)


@shared_task(name="approvals.expire_actions")
def expire_actions() -> None:
    from approvals.actions.expire_actions import expire_actions as expire

    expire(actor=SYSTEM)


@shared_task(name="approvals.mail_approvers")
def mail_approvers(action_id: str) -> None:
    """Mail everyone who may decide, while there is something to decide."""
    action = PendingAction.objects.filter(pk=action_id).first()
    if action is not None:
        mail_about(action)


@shared_task(name="approvals.mail_waiting")
def mail_waiting() -> None:
    """What came after a first mail, and what the direct trigger missed."""
    for action in unmailed():
        mail_about(action)


def announce_to_approvers(action: PendingAction) -> None:
    """A line in every approver's inbox together with the ticket; the mail follows after the commit, or is joined with
    those of the calls that come after it."""
    ask_approvers(action)
    if is_mail_due(action):
        _send("approvals.mail_approvers", action.id)


def run_soon(action_id: UUID) -> None:
    """Ask a worker to run an approved call unless the process that holds the request is faster."""
    _send("gateway.run_approved_action", action_id, countdown=1)


def _send(task: str, action_id: UUID, *, countdown: int = 0) -> None:
    def send() -> None:
        try:
            current_app.send_task(task, [str(action_id)], countdown=countdown)
        except OperationalError:
            log.warning("Redis is out of reach; the schedule will pick up action %s.", action_id)

    transaction.on_commit(send)
