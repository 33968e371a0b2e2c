"""What Records shows of the gateway: what it remembers of clients with sessions."""

from __future__ import annotations

from harriet.lib.records import Record

RECORDS = (
    Record(
        model="gateway.ClientSession",
        one="client session",
        many="Client sessions",
        meaning="What a session of an older AI client has learned since it began; most need no row.",
        scope="token__organization",
        fields={
            "token": "Signed in with",
            "log_level": "Log level",
            "changed_at": "Changed",
            "ended_at": "Ended",
        },
        columns=("changed_at", "token", "log_level", "ended_at"),
        hidden={"subscriptions": "Addresses that somebody reads: as much theirs as what a call is made with."},
        filters=("ended_at", "token"),
        title=lambda row: "Client session",
    ),
)
