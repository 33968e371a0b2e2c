"""What a webhook is sent: a message that Slack and Mattermost show, and that a program can read.

`text`, which Mattermost shows, and `blocks` are Slack's (docs.slack.dev, “Sending messages using incoming webhooks”);
`metadata` is where Slack lets programs leave what people don't see. Every address opens a page; none decides anything.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from django.conf import settings

from approvals.models import WebhookMessage
from harriet.lib.text import show_hidden

MOST_LISTED = 20
"""Of what one matter counts."""
LONGEST_BLOCK = 2900
"""Characters of a section; Slack takes 3,000."""


def body_of(messages: Sequence[WebhookMessage]) -> bytes:
    """JSON in UTF-8, with a block for each: Slack takes fifty."""
    matters = [_matter(message) for message in messages]
    return json.dumps(
        {
            "text": "\n".join(f"{plain(one['text'])} {one['url']}" for one in matters),
            "blocks": [_section(one) for one in matters],
            "metadata": {"event_type": "harriet_waits", "event_payload": {"matters": matters}},
        },
        ensure_ascii=False,
    ).encode()


def plain(text: str) -> str:
    """Somebody else's words for Slack and Mattermost: nothing in them hides, calls people or leads anywhere. What would
    is broken by a space, which people see."""
    shown = show_hidden(" ".join(text.split()))
    broken = _CALLS.sub("@ ", shown.replace("](", "] (").replace("://", ":// "))
    return broken.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


_CALLS = re.compile(r"@(?=(?:here|channel|all|everyone)\b)", re.IGNORECASE)


def _matter(message: WebhookMessage) -> dict[str, Any]:
    new = [(label, path) for label, path in message.details if path not in message.sent_details]
    listed = new if len(message.details) > 1 else []
    return {
        "kind": message.kind,
        "text": show_hidden(message.text),
        "url": settings.BASE_URL + message.path,
        "of": [{"text": show_hidden(label), "url": settings.BASE_URL + path} for label, path in listed[:MOST_LISTED]],
    }


def _section(matter: dict[str, Any]) -> dict[str, Any]:
    lines = [f"{plain(matter['text'])} <{matter['url']}|Open in Harriet>"]
    for one in matter["of"]:
        line = f"• <{one['url']}|{plain(one['text'])}>"
        if sum(map(len, lines)) + len(lines) + len(line) > LONGEST_BLOCK:
            break
        lines.append(line)
    return {"type": "section", "text": {"type": "mrkdwn", "text": "\n".join(lines)}}
