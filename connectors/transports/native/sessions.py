"""A session with a server of the legacy era, and what is on its way in it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import NamedTuple

from connectors.transports.base import Endpoint
from connectors.transports.native.cookies import Cookies
from connectors.transports.native.in_flight import InFlight


class OwnStream(NamedTuple):
    """The stream that the server ties to no request: the task that keeps it open, and whether it is."""

    task: asyncio.Task[None]
    opened: asyncio.Event


@dataclass(slots=True, eq=False)
class Session:
    """One with a server of the legacy era."""

    version: str
    id: str
    """Empty when the server keeps no sessions."""
    headers: dict[str, str]
    """What every request in this session carries beside the credential."""
    capabilities: frozenset[str] = frozenset()
    """Names of what the server can do."""
    open_at: Endpoint | None = None
    """Where it can be ended without a credential; None when one is needed, because none is kept."""
    log_level: str = ""
    roots_version: int = 0
    """What the server was told last of changes to its client's roots."""
    has_stream: bool = True
    """False once the server has said that it opens no streams of its own."""
    opens_late: bool = False
    """True when the server's stream begins with its first event only: waiting for it is of no use."""
    in_flight: dict[bytes, InFlight] = field(default_factory=dict)
    own_stream: OwnStream | None = None
    cookies: Cookies | None = None
    """None when the session is shared by callers that the server can't tell apart."""
