"""Asks Celery workers, by a task's name and after the commit. Losing a message loses nothing: the schedule finds the
rows."""

from __future__ import annotations

import logging
from uuid import UUID

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)

RUN_AFTER = 1
"""Seconds that the process which holds the client's request has to itself."""


def run_soon(action_id: UUID) -> None:
    """Ask a worker to run an approved call unless the process that holds the request is faster."""
    _send("gateway.run_approved_action", action_id, countdown=RUN_AFTER)


def _send(task: str, action_id: UUID, *, countdown: int = 0) -> None:
    def send() -> None:
        try:
            current_app.send_task(task, [str(action_id)], countdown=countdown)
        except OperationalError:
            log.warning("Redis is out of reach; the schedule will pick up action %s.", action_id)

    transaction.on_commit(send)
