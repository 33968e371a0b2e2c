"""Tells whoever asked for a held call what became of it, in their inbox. No audit events: the changes have them."""

from __future__ import annotations

from approvals.models import PendingAction
from approvals.waiting_calls import path_of
from harriet.people.actions.notice_person import notice_person
from harriet.people.actions.settle_matter import settle_matter
from harriet.people.notifications.kinds import ANSWERS


def tell_caller(action: PendingAction, became: str) -> None:
    """In the transaction of what became of it. `became` goes on after “Your call of send_mail at CRM ”. Nobody is told
    of the call of a key that is nobody's; a run tells its person itself."""
    _tell(action, became, _key(action))


def _tell(action: PendingAction, became: str, key: str) -> None:
    if action.user is None or action.run_step_id is not None:
        return
    text = f"Your call of {action.tool} at {action.connector.name} {became}"
    notice_person(action.user, action.organization, text, path_of(action), key, mail=False, kind=ANSWERS)


def tell_of_change(action: PendingAction, became: str) -> None:
    """In the transaction of the change: each is told, whatever becomes of the call after it."""
    _tell(action, became, f"changed {action.pk} {action.edition}")


def client_was_told(action: PendingAction) -> None:
    """The person's client has the answer: the line stays, and asks for nothing any more."""
    settle_matter(action.organization_id, _key(action))


def _key(action: PendingAction) -> str:
    return f"became {action.pk}"
