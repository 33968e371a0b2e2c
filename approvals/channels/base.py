"""What a channel is: one way in which those who may decide hear of the calls that wait for them."""

from __future__ import annotations

from approvals.models import PendingAction


class Channel:
    """By itself it does nothing at any of these moments; each kind of channel does something at some."""

    def announce(self, action: PendingAction) -> bool:
        """In the transaction that puts `action` on its ticket. True when `deliver` is due as soon as it commits."""
        return False

    def settle(self, action: PendingAction) -> None:
        """In the transaction after which nobody has to decide on `action` any more."""

    def deliver(self, action: PendingAction) -> None:
        """In a worker, which may come twice, or when all is decided: send what is due about `action` and about what
        else the same person waits for at the same connector."""

    def undelivered(self) -> list[PendingAction]:
        """What `deliver` is due for, asked by the schedule: it finds what came later and what a trigger missed."""
        return []
