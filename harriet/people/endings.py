"""What the floors above do in the transaction in which somebody's access, or a right of theirs, ends: each docks here.

An app adds its own when it starts (`apps.py`). It is done or nothing is: no call of somebody who left goes on waiting.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple
from uuid import UUID

from audit.actor import Actor


class Ending(NamedTuple):
    organization_id: UUID
    user_id: UUID | None
    """Whose; nobody's when a group was deleted."""
    why: str
    """A sentence, such as “Dana was deactivated.”"""
    actor: Actor


class DeviceEnding(NamedTuple):
    device_id: UUID
    actor: Actor


class AgentEnding(NamedTuple):
    organization_id: UUID
    agent_id: UUID
    why: str
    """A sentence, such as “The agent Nightly report was paused.”"""
    actor: Actor


ACCESS: list[Callable[[Ending], None]] = []
"""For somebody who was deactivated or removed."""
RIGHTS: list[Callable[[Ending], None]] = []
"""For whatever may take away somebody's right to decide: also a lower role, a group that they left or that is gone."""
DEVICES: list[Callable[[DeviceEnding], None]] = []
"""For a device that was revoked."""

AGENTS: list[Callable[[AgentEnding], None]] = []
"""For an agent that was paused or ended, or for which somebody else answers now."""


def access_ended(ending: Ending) -> None:
    """Call inside the transaction, after the membership has ended."""
    for end in (*ACCESS, *RIGHTS):
        end(ending)


def right_ended(ending: Ending) -> None:
    """Call inside the transaction, after the right has ended."""
    for end in RIGHTS:
        end(ending)


def device_ended(ending: DeviceEnding) -> None:
    """Call inside the transaction, after the device was revoked."""
    for end in DEVICES:
        end(ending)


def agent_ended(ending: AgentEnding) -> None:
    """Call inside the transaction: no call that it asked for goes on waiting, to be decided by other rules."""
    for end in AGENTS:
        end(ending)
