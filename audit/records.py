"""What Records shows of the audit log and its chain."""

from __future__ import annotations

from audit.vocabulary.declaration import known_kinds
from audit.vocabulary.words import DECISIONS, OUTCOMES, choices_of
from harriet.lib.records import INSTALLATION, Page, Record

_PROOF = "Part of the proof, under a key that is not in the database; the event's page and the export have it."
_CHAIN = "Part of the chain; the export and `manage.py audit verify` have it."

RECORDS = (
    Record(
        model="audit.Event",
        one="event",
        many="Events",
        meaning="One decision or change. The audit page groups them by what caused them.",
        scope="organization_id",
        fields={
            "recorded_at": "When",
            "sentence": "What happened",
            "code": "Event",
            "person_id": "Person",
            "connector_id": "Connector",
            "tool_id": "Tool",
            "decision": "Decision",
            "outcome": "Outcome",
            "request_id": "Request",
        },
        columns=("recorded_at", "sentence", "code", "outcome"),
        hidden={
            "mac": _PROOF,
            "body": "The event's page shows it, with its proof.",
        },
        words={
            "code": lambda: [(kind.code, kind.code) for kind in known_kinds()],
            "decision": lambda: choices_of(DECISIONS),
            "outcome": lambda: choices_of(OUTCOMES),
        },
        indexed=("code",),
        filters=("code", "decision", "outcome", "request_id", "person_id", "connector_id", "tool_id"),
        time="recorded_at",
        links={"person_id": "people.User", "connector_id": "connectors.Connector", "tool_id": "connectors.Tool"},
        title=lambda row: str(row.code),
        needs=("body", "mac"),
        page=Page("audit:detail", "Open in the audit log", "pk", power="read the audit log"),
        empty="Calls and changes will stand here as they happen.",
    ),
    Record(
        model="audit.Seal",
        one="seal",
        many="Seals",
        meaning="One link of the log’s chain: a batch of events, bound to the seal before it.",
        scope="organization_id",
        fields={"sequence": "Number", "sealed_at": "Sealed", "algorithm": "Construction"},
        columns=("sequence", "sealed_at", "algorithm"),
        hidden={
            "previous": _CHAIN,
            "event_ids": "As many as a thousand ids; an event's page says in which seal it is.",
            "root": _CHAIN,
            "link": _CHAIN,
            "mac": _PROOF,
        },
        time="sealed_at",
        title=lambda row: f"Seal {row.sequence}",
    ),
    Record(
        model="audit.Mark",
        one="end of the chain",
        many="Ends of the chain",
        meaning="How far the log’s chain goes.",
        scope="organization_id",
        fields={
            "sequence": "Last seal",
            "events": "Events in the chain",
            "foreign_seals": "Seals that are not Harriet’s",
        },
        columns=("sequence", "events", "foreign_seals"),
        hidden={"link": _CHAIN, "mac": _PROOF},
        title=lambda row: f"Up to seal {row.sequence}",
    ),
    Record(
        model="audit.Checkpoint",
        one="verification",
        many="Verifications",
        meaning="What a verification of the chain found, and up to where it held.",
        scope="organization_id",
        fields={
            "verified_at": "Verified",
            "sequence": "Up to seal",
            "events": "Events",
            "fault": "First fault",
            "faults": "Faults",
            "foreign": "Of them, rows from elsewhere",
        },
        columns=("verified_at", "sequence", "events", "faults", "fault"),
        hidden={"link": _CHAIN, "mac": _PROOF},
        time="verified_at",
        title=lambda row: f"Verified up to seal {row.sequence}",
    ),
    Record(
        model="audit.SetAside",
        one="row from elsewhere",
        many="Rows from elsewhere",
        meaning="A row among the events that Harriet did not write. It is in no seal and counts as no call.",
        scope="organization_id",
        fields={"event_id": "Row", "found_at": "Found"},
        columns=("event_id", "found_at"),
        links={"event_id": "audit.Event"},
        empty="Good: nobody has put rows into the log past Harriet.",
    ),
    Record(
        model="audit.Unsealed",
        one="event without a seal",
        many="Events without a seal",
        meaning="An event that waits for the sealer, for a second or two.",
        scope="organization_id",
        fields={"event_id": "Event"},
        columns=("event_id",),
        links={"event_id": "audit.Event"},
        empty="Everything is sealed.",
    ),
    Record(
        model="audit.Sweep",
        one="search for open calls",
        many="Searches for open calls",
        meaning="How far calls without an outcome have been looked for.",
        scope=INSTALLATION,
        fields={"swept_until": "Looked until"},
        columns=("swept_until",),
        title=lambda row: "Search for open calls",
    ),
)
