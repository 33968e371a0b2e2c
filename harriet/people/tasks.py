"""What Celery runs for people: each task takes ids and calls one action."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task

from harriet.people.actions.forget_changes import forget_changes
from harriet.people.actions.forget_old import forget_old, forget_sessions
from harriet.people.actions.send_notices import send_due_notices
from harriet.people.actions.tell_of_log import tell_of_log


@shared_task(name="people.send_notices")
def send_notices_task() -> None:
    """Sends people what they are to hear of by another way than their inbox, and what could not be sent before."""
    send_due_notices()


@shared_task(name="people.forget_changes")
def forget_changes_task() -> None:
    """Deletes what all processes have reread from the log of changes."""
    forget_changes()


@shared_task(name="people.forget_old")
def forget_old_task() -> None:
    """Forgets what was read long ago, and what could be used once and can't be any more."""
    forget_old()


@shared_task(name="people.forget_sessions")
def forget_sessions_task() -> None:
    """Forgets browser sessions that are over."""
    forget_sessions()


@shared_task(name="people.tell_of_log")
def tell_of_log_task(organization_id: str) -> None:
    """The audit log was verified: tells those who read it when something is wrong, and when it is sound again."""
    tell_of_log(UUID(organization_id))
