"""The inbox alone: the line stands there, and nothing is sent."""

from __future__ import annotations

from harriet.people.notifications.channels.base import Channel


class Inbox(Channel):
    label = "Inbox only"
