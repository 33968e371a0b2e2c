"""What pages and the API say of a review: the evidence, each with its source, and what is to be done next."""

from __future__ import annotations

from typing import NamedTuple

from connectors.counts import offer_words
from connectors.findings.base import Severity
from connectors.findings.registry import CHECKS
from connectors.findings.score import Band, band_of
from connectors.findings.stored import read_findings
from connectors.models import Connector, Review
from connectors.queries import counts_of, last_sync_of
from connectors.transports.kinds import kind_label
from harriet.pages.relative_time import relative
from vault.queries import credential_of
from vault.types.registry import TYPES

State = Review.State
HUES = {Band.LOW: "ok", Band.MEDIUM: "attention", Band.HIGH: "danger", Band.CRITICAL: "danger"}
STATE_HUES = {State.WAITING: "attention", State.CHANGES: "attention", State.APPROVED: "ok", State.BLOCKED: "danger"}


class Evidence(NamedTuple):
    source: str
    summary: str


def evidence_of(review: Review, connector: Connector) -> list[Evidence]:
    """`connector` was read by `connectors_of`. What was observed, and where; it judges nothing."""
    return [
        Evidence("Submission", _submission(review)),
        Evidence("Address", f"{kind_label(connector.kind)} at {connector.url}."),
        Evidence("Authentication", _authentication(connector)),
        Evidence("Connection", _connection(connector)),
        Evidence("Tools", _tools(connector)),
        Evidence("Server", _server(connector)),
        Evidence("Owner", f"{connector.owner.email} looks after it." if connector.owner else "Nobody looks after it."),
        Evidence("Checks", _checks(review)),
    ]


def next_action(review: Review) -> str:
    name, is_critical = review.connector.name, band_of(review.score) == Band.CRITICAL
    if review.state == State.WAITING and is_critical:
        return f"Block {name} or request changes: it is Critical. An owner may override that with a reason."
    return {
        State.WAITING: f"Look at the findings, then approve {name}, request changes or block it.",
        State.CHANGES: f"Make the changes to {name}, then submit it again.",
        State.APPROVED: "Nothing: it was approved.",
        State.BLOCKED: f"Nobody can call {name}. Change it and submit it again, or delete it.",
    }[State(review.state)]


def standing_words(connector: Connector) -> str:
    """What its review says, for the page of the connector; empty when it is approved."""
    return {
        Connector.Standing.DRAFT: "",
        Connector.Standing.WAITING: "It waits for review. Until it is approved, calls to its tools are refused.",
        Connector.Standing.CHANGES: "Its review asks for changes. Calls to its tools are refused until it is approved.",
        Connector.Standing.APPROVED: "",
        Connector.Standing.BLOCKED: "It was blocked in review. Calls to its tools are refused.",
    }[Connector.Standing(connector.review)]


def _submission(review: Review) -> str:
    who = review.submitter_label or "Somebody"
    serving = " It was approved before, and serves calls meanwhile." if review.is_in_service else ""
    return f"{who} submitted it. {review.cause}{serving}"


def _authentication(connector: Connector) -> str:
    credential = credential_of(connector.pk)
    if credential is None:
        return "Harriet signs in with nothing."
    label = TYPES[credential.type].label if credential.type in TYPES else credential.type
    whose = "Everybody signs in with an account of their own" if connector.is_per_person else "One secret for everybody"  # type: ignore[attr-defined]
    return f"{whose}: {label}."


def _connection(connector: Connector) -> str:
    if connector.checked_at is None:
        return "Nobody has asked the server yet."
    said = f" {connector.health_reason}" if connector.health_reason else ""
    return f"{connector.get_health_display()}, {relative(connector.checked_at)}.{said}"


def _tools(connector: Connector) -> str:
    run, counts = last_sync_of(connector), counts_of(connector)
    if run is None:
        return "Nobody has read its tools yet."
    failed = "" if run.is_success or run.is_running else f" The last sync failed: {run.error}"
    return f"{offer_words(counts.tools, counts.prompts, counts.resources)}.{failed}"


def _server(connector: Connector) -> str:
    info = connector.server_info
    if not info:
        return "It has said nothing of itself yet."
    return f"It calls itself {info.get('title') or info.get('name') or 'nothing'} {info.get('version') or ''}".strip()


def _checks(review: Review) -> str:
    found = read_findings(review.findings)
    if not found:
        return f"{len(CHECKS)} checks found nothing."
    counts = {severity: sum(one.severity == severity for one in found) for severity in reversed(list(Severity))}
    words = ", ".join(f"{count} {severity}" for severity, count in counts.items() if count)
    return f"{len(CHECKS)} checks found {words}. Score {review.score} of 100: {band_of(review.score)}."
