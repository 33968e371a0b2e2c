"""Tell those who may decide of the calls that wait for them. No audit events: the calls have them."""

from __future__ import annotations

from approvals.deciders import approvers_of
from approvals.models import PendingAction
from approvals.waiting_calls import matter_of, waiting_with
from approvals.webhooks.outbox import tell_webhooks
from harriet.people.actions.tell_people import tell_people_again


def tell_approvers(action: PendingAction) -> None:
    """Together with the ticket, in its transaction: one line for each person who asks and each connector, however many
    calls wait. Whoever asks for three hundred things at once is one line that counts them, and not three hundred."""
    matter = matter_of(action, waiting_with(action))
    tell_people_again(matter, approvers_of(action).values_list("user_id", flat=True))
    tell_webhooks(matter)
