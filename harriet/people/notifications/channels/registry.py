"""The channels there are. docs/recipes.md says what a new one needs beside its file here."""

from __future__ import annotations

from harriet.people.notifications.channels.base import Channel
from harriet.people.notifications.channels.daily import Daily
from harriet.people.notifications.channels.inbox import Inbox
from harriet.people.notifications.channels.mail import Mail

CHANNELS: dict[str, Channel] = {
    "inbox": Inbox(),
    "mail": Mail(),
    "daily": Daily(),
}
