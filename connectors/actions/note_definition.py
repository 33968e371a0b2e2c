"""Look at a connector's definition anew, whenever something of it changes, and say whether that needs a review.

No event for a look that finds what was known; what is reviewed again, and what is pulled from service, has its own.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db.models.functions import Now

from audit.actor import SYSTEM, Actor
from audit.record import record
from connectors.actions.open_review import open_review, renew_review
from connectors.audit_labels import connector_label
from connectors.events import ConnectorPulled
from connectors.findings.base import Finding, Severity
from connectors.findings.parts import REOPENING, STOPPING, changes_between, digest_of, keys_changed, parts_of
from connectors.findings.read import read_subject
from connectors.findings.registry import findings_of
from connectors.findings.score import score_of
from connectors.findings.stored import read_findings, to_store
from connectors.models import Assessment, Connector, Review
from harriet.people.actors import person_behind
from harriet.people.version import move_version

_WEIGHTY = (Severity.HIGH, Severity.CRITICAL)
Standing = Connector.Standing


def look_first(connector: Connector) -> None:
    """Inside the transaction of a change, before it holds anything else of the connector's: a sync holds the connector,
    then its tools. Neither keeps others from adding rows that name it. Where nobody has looked yet, it is looked at, so
    that the change can be told."""
    Connector.objects.select_for_update(no_key=True).values("pk").get(pk=connector.pk)
    if connector.state != Connector.State.DRAFT and not _known(connector):
        assess(connector)


def note_maker(connector: Connector, actor: Actor) -> None:
    """Whoever began or changed it doesn't review it. Shared keys and the system are nobody."""
    person = person_behind(actor)
    known, _ = Assessment.objects.select_for_update().get_or_create(connector=connector)
    if person is not None and str(person.pk) not in known.makers:
        known.makers = [*known.makers, str(person.pk)]
        known.save(update_fields=["makers"])


def note_definition(connector: Connector, *, by: Actor | None, actor: Actor) -> list[str]:
    """Inside the transaction of the change, after `look_first`. `by` is who made it, None for what the server says.
    Returns what changed, in words."""
    row = (
        Connector.objects.select_for_update(no_key=True, of=("self",))
        .select_related("organization")
        .get(pk=connector.pk)
    )
    if by is not None:
        note_maker(row, by)
    if row.state == Connector.State.DRAFT:
        return []
    before = Assessment.objects.filter(connector=row).first()
    after = assess(row)
    if before is None or not before.digest or bytes(before.digest) == bytes(after.digest):
        return []
    changes = changes_between(before.parts, after.parts)
    _judge(row, before, after, changes, by=by, actor=actor)
    connector.review = row.review
    return changes


def assess(connector: Connector) -> Assessment:
    """Reads, scores and keeps it."""
    subject = read_subject(connector)
    parts, findings = parts_of(subject), findings_of(subject)
    assessed, _ = Assessment.objects.update_or_create(
        connector=connector,
        defaults={
            "digest": digest_of(parts),
            "parts": parts,
            "findings": to_store(findings),
            "score": score_of(findings),
            "assessed_at": Now(),
        },
    )
    return assessed


def _known(connector: Connector) -> bool:
    return Assessment.objects.filter(connector=connector).exclude(digest=b"").exists()


def _judge(
    row: Connector, before: Assessment, after: Assessment, changes: list[str], *, by: Actor | None, actor: Actor
) -> None:
    keys = keys_changed(before.parts, after.parts)
    new = _new(before, after)
    critical = [one for one in new if one.severity == Severity.CRITICAL]
    stops = row.review == Standing.APPROVED and bool(keys & STOPPING or critical)
    waiting = Review.objects.select_for_update(of=("self",)).filter(connector=row, state=Review.State.WAITING).first()
    if waiting is None and not (row.review == Standing.APPROVED and (keys & REOPENING or new)):
        return
    if stops:
        _pull(row, critical, changes, actor=actor)
    if waiting is not None:
        renew_review(waiting, row, after, changes, actor=actor)
    else:
        said, who = f"Changed since the last approval: {', '.join(changes)}.", by or SYSTEM
        open_review(row, after, said, is_in_service=not stops, submitter=person_behind(who), actor=who)


def _new(before: Assessment, after: Assessment) -> list[Finding]:
    """What weighs and was not found before."""
    known = set(read_findings(before.findings))
    return [one for one in read_findings(after.findings) if one.severity in _WEIGHTY and one not in known]


def _pull(row: Connector, critical: Collection[Finding], changes: list[str], *, actor: Actor) -> None:
    """Out of service at once: snapshots hear of it within a second."""
    Connector.objects.filter(pk=row.pk).update(review=Standing.WAITING)
    row.review = Standing.WAITING
    why = critical_words(critical) if critical else f"it was changed: {', '.join(changes)}."
    record(
        ConnectorPulled(connector=connector_label(row), reason=why),
        organization_id=row.organization_id,
        actor=actor,
    )
    move_version(row.organization_id)


def critical_words(critical: Collection[Finding]) -> str:
    first = next(iter(critical))
    more = f" And {len(critical) - 1} more like it." if len(critical) > 1 else ""
    return f"something critical was found in {first.where}. {first.sentence}{more}"
