"""Tell those who may decide of the calls that wait for them, by every channel. No audit events: the calls have them."""

from __future__ import annotations

from uuid import UUID

from approvals.channels.registry import CHANNELS
from approvals.models import PendingAction
from approvals.task_queue import tell_soon


def announce_to_approvers(action: PendingAction) -> None:
    """Together with the ticket, in its transaction; what a channel has to send follows after the commit."""
    due = [channel.announce(action) for channel in CHANNELS.values()]
    if any(due):
        tell_soon(action.id)


def tell_approvers(action_id: UUID) -> None:
    """While there is something to decide: a channel sends nothing about what is decided, or was told before."""
    action = PendingAction.objects.filter(pk=action_id).first()
    if action is not None:
        for channel in CHANNELS.values():
            channel.deliver(action)


def tell_approvers_the_rest() -> None:
    """What came after a first message, and what the direct trigger missed."""
    for channel in CHANNELS.values():
        for action in channel.undelivered():
            channel.deliver(action)
