"""The channels there are. docs/recipes.md says what a new one needs beside its file here."""

from __future__ import annotations

from approvals.channels.base import Channel
from approvals.channels.inbox import Inbox
from approvals.channels.mail import Mail

CHANNELS: dict[str, Channel] = {
    "inbox": Inbox(),
    "mail": Mail(),
}
