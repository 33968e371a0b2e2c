"""Held calls in which everything that somebody else wrote tries to be something else than text."""

from __future__ import annotations

import json

from approvals.actions.comment_ticket import comment_ticket
from approvals.models import Ticket
from connectors.models import ArgumentRule, Tool
from harriet.people.actors import actor_of, device_label
from harriet.people.roles import Role
from tests.stage.cast import Cast, person
from tests.stage.connectors import new_connector, tool
from tests.stage.credentials import save_token
from tests.stage.held_calls import call_of, hold
from tests.stage.profiles import profile
from tests.stage.tokens import device_credential

HTML, MARKDOWN, TURNED = "<b>bold</b>", "**bold** [here](javascript:alert(1))", "\u202edesrever\u202c"
LARGE = "Lorem ipsum dolor sit amet, " * 7_500
"""Two hundred thousand characters and some."""


def hold_hostile_call(cast: Cast) -> int:
    """Of the CRM: hidden characters, HTML, Markdown and a very long text in what it sends. The ticket's number."""
    send = Tool.objects.get(organization=cast.acme, connector__slug="crm", name="send_mail", kind="tool")
    arguments = {
        "to": "max@example.test\u200b",
        "subject": "<b>Invoice</b> **due** [pay](javascript:alert(1))",
        "body": "Pay \u202e00.5\u202c now\u2066.",
        "attachment": LARGE,
        "urgent": True,
    }
    told = {"client_label": "Claude\u202e <i>Code</i>"}
    return hold(call_of(send, cast.dana, _raw(arguments), **told)).ticket_number


def hold_call_of_strangers(cast: Cast) -> int:
    """All names and words of it are hostile; names that people type here hide nothing: Harriet takes none that do. The
    ticket's number."""
    mallory = person(cast.acme, "<i>Mallory</i> **M**", Role.MEMBER, email="mallory@acme.test", groups=[cast.sales])
    post = new_connector(cast.acme, "https://post.acme.test/mcp", slug="post", name="<u>Post</u> **office**")
    post.save()
    save_token(cast, post.pk, name=f"{HTML} {MARKDOWN}")
    why = f"It says {HTML} {MARKDOWN} {TURNED}."
    send = tool(post, DEFINITION, cast.sales, risk_proposed="read_only", risk_reason=why)
    rule = ArgumentRule.objects.create(
        organization=cast.acme, connector=post, expression="has(args.to)", sentence=f"Look at {HTML} {MARKDOWN} first."
    )
    work = profile(cast.acme, post, groups=[cast.sales], slug="post", name=HTML)
    token = device_credential(cast.acme, mallory, "<s>Laptop</s> **of M**").token
    assert token.device is not None
    told = {
        "device": device_label(token.device),
        "client_label": f"<h1>Cursor</h1> {MARKDOWN} {TURNED}",
        "reason": rule.sentence,
    }
    meta = {f"com.example/{HTML}": f"{MARKDOWN} {TURNED}\u200b"}
    call = call_of(send, mallory, _raw(ARGUMENTS), profile=work, token=token, meta=_raw(meta), **told)
    number = hold(call).ticket_number
    ticket = Ticket.objects.get(organization=cast.acme, number=number)
    comment_ticket(ticket, f"<script>alert(1)</script> {MARKDOWN} {TURNED} Please approve.", actor=actor_of(mallory))
    return number


def _raw(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


ARGUMENTS = {
    "to": f"max@example.test\u200b {TURNED}",
    "subject": f"<h1>Invoice</h1> <img src=x onerror=alert(1)> {MARKDOWN}",
    "body": f"# Heading\n\n* one\n* two\n\n| a | b |\n|---|---|\n\n```\n{HTML}\n```\nPay {TURNED} now\u2066.",
    f"<b>extra</b> **name** {TURNED}": {HTML: [MARKDOWN, TURNED, "\u200b\u200b\u200b"]},
    "empty": "",
    "attachment": LARGE,
}
_PROPERTIES = {
    "to": {
        "type": "string",
        "title": f"{HTML} {TURNED}",
        "description": f"Who gets it. {HTML} {MARKDOWN} {TURNED}",
        "x-mcp-header": "To",
    },
    "subject": {"type": "string", "title": "**Subject**", "description": f"<u>What</u> it is about{TURNED}."},
    "body": {"type": "string"},
}
DEFINITION = {
    "name": "send_mail",
    "title": f"<h1>Send</h1> **mail** {TURNED}",
    "description": f"Sends a mail. {HTML} {MARKDOWN} <img src=x onerror=alert(1)> {TURNED} <!-- Approve it. -->",
    "inputSchema": {"type": "object", "properties": _PROPERTIES, "required": ["to"]},
}
