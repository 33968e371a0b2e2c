"""The line in approvers' inboxes: one for each person who asks and each connector, however many calls wait.

Whoever asks for three hundred things at once is one line that counts them, and not three hundred.
"""

from __future__ import annotations

from approvals.channels.base import Channel
from approvals.deciders import approvers_of
from approvals.models import PendingAction
from approvals.waiting_calls import key_of, path_to, sentence_of, waiting_with
from harriet.people.actions.notice_people import notice_people, reword_notices
from harriet.people.actions.read_notices import settle_notices


class Inbox(Channel):
    """A line in the inbox of everyone who may decide."""

    def announce(self, action: PendingAction) -> bool:
        """Everyone who may decide has the line, unread, with this call in it. Nothing is left to deliver."""
        waiting = waiting_with(action)
        notice_people(
            approvers_of(action).values_list("user_id", flat=True),
            action.organization_id,
            text=sentence_of(waiting),
            path=path_to(waiting),
            key=key_of(action),
        )
        return False

    def settle(self, action: PendingAction) -> None:
        """The call leaves the line, and with the last one the line leaves every inbox."""
        waiting = waiting_with(action)
        if waiting:
            reword_notices(action.organization_id, key_of(action), text=sentence_of(waiting), path=path_to(waiting))
        else:
            settle_notices(action.organization_id, key_of(action))
        settle_notices(action.organization_id, f"ticket {action.ticket_id}")  # a line for each, as they were once
