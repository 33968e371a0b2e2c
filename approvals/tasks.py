"""Celery tasks around held calls. They take ids; losing one loses nothing: the schedule finds the rows."""

from __future__ import annotations

import logging
from uuid import UUID

from celery import current_app, shared_task
from django.db import transaction
from django.urls import reverse
from kombu.exceptions import OperationalError

from harriet.people.actions.notice_person import notice_person, send_notice

from .deciders import approvers_of
from .lifecycle import notice_key
from .models import PendingAction

log = logging.getLogger(__name__)


@shared_task(name="approvals.expire_actions")
def expire_actions() -> None:
    from .actions.expire_actions import expire_actions as expire

    expire()


@shared_task(name="approvals.mail_approvers")
def mail_approvers(action_id: str) -> None:
    """Mail everyone who may decide, while there is something to decide."""
    action = PendingAction.objects.select_related("ticket", "token", "organization").get(pk=action_id)
    if action.state == PendingAction.State.WAITING:
        for membership in approvers_of(action):
            send_notice(membership.user_id, _sentence(action), _path(action))


def announce_to_approvers(action: PendingAction) -> None:
    """A line in every approver's inbox together with the ticket; the mail follows after the commit."""
    for membership in approvers_of(action):
        notice_person(
            membership.user,
            action.organization,
            text=_sentence(action),
            path=_path(action),
            key=notice_key(action.ticket_id),
            mail=False,
        )
    _send("approvals.mail_approvers", action.id)


def run_soon(action_id: UUID) -> None:
    """Ask a worker to run an approved call unless the process that holds the request is faster."""
    _send("gateway.run_approved_action", action_id, countdown=1)


def _sentence(action: PendingAction) -> str:
    return f"{action.caller_label} asks to run {action.ticket.title}."


def _path(action: PendingAction) -> str:
    return reverse("tickets:detail", args=[action.ticket.number])


def _send(task: str, action_id: UUID, *, countdown: int = 0) -> None:
    def send() -> None:
        try:
            current_app.send_task(task, [str(action_id)], countdown=countdown)
        except OperationalError:
            log.warning("Redis is out of reach; the schedule will pick up action %s.", action_id)

    transaction.on_commit(send)
