"""What the floors above do in the transaction in which people are told of a matter, or it is over: each docks here.

An app adds its own when it starts (`apps.py`): a channel of the company's chat hears of it, too.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from harriet.people.notifications.kinds import Matter

MATTERS: list[Callable[[Matter], None]] = []
"""For a matter that people are told of."""
ENDS: list[Callable[[UUID, str], None]] = []
"""For one that is over, by the organization and the matter's key."""


def told_outside(matter: Matter) -> None:
    """Call inside the transaction."""
    for tell in MATTERS:
        tell(matter)


def over_outside(organization_id: UUID, key: str) -> None:
    """Call inside the transaction."""
    for end in ENDS:
        end(organization_id, key)
