"""Reads a connector's definition as the checks see it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models.functions import Lower

from connectors.findings.base import Subject, ToolSubject
from connectors.models import Connector, Review, Tool, ToolVersion
from connectors.passed_identity import How, IdentityRule
from harriet.lib.batches import in_batches
from harriet.people.notifications.recipients import active_here
from vault.models import Credential
from vault.oauth.per_person import IS_PER_PERSON
from vault.queries import credential_of

NAMES_AT_ONCE = 2_000
"""Names that are looked for among the tools of other connectors, in one query."""
MOST_OTHERS = 20_000
"""Tools of other connectors that one query reads."""


def read_subject(connector: Connector) -> Subject:
    """What the rows say now, whatever the caller's object says."""
    row = Connector.objects.get(pk=connector.pk)
    credential = credential_of(row.pk)
    tools = _tools(row, _approved_at(row))
    return Subject(
        name=row.name,
        kind=row.kind,
        url=row.url,
        is_internal=row.allow_internal,
        authentication=credential.type if credential else "",
        placement=credential.placement if credential else {},
        is_per_person=bool(credential) and Credential.objects.filter(IS_PER_PERSON, connector_id=row.pk).exists(),
        identity=_identity(row),
        instructions=row.instructions,
        has_owner=active_here(row.organization_id).filter(user=row.owner_id).exists(),
        tools=tools,
        others=_others(row, tools),
    )


def _identity(row: Connector) -> str:
    if row.identity_kind == How.NONE:
        return ""
    rule = IdentityRule(row.identity_kind, row.identity_header, row.identity_attribute, row.identity_refuses_local)
    return rule.words


def _approved_at(row: Connector) -> datetime | None:
    """When somebody last approved it; one that was there before there were reviews: when it was made."""
    approved = Review.objects.filter(connector=row, state=Review.State.APPROVED).order_by("-decided_at").first()
    return approved.decided_at if approved else row.created_at


def _tools(row: Connector, approved_at: datetime | None) -> tuple[ToolSubject, ...]:
    pinned = ToolVersion.objects.filter(tool__connector=row, is_pinned=True).exclude(tool__state=Tool.State.REMOVED)
    rows = pinned.order_by("tool__kind", "tool__name").values_list(
        "tool__kind", "tool__name", "digest", "definition", "tool__risk_override", "tool__risk_proposed", "accepted_at"
    )
    return tuple(
        ToolSubject(
            kind=kind,
            name=name,
            digest=bytes(digest),
            definition=definition,
            risk=override or proposed,
            is_changed=bool(approved_at and accepted_at and accepted_at > approved_at),
        )
        for kind, name, digest, definition, override, proposed, accepted_at in rows.iterator(chunk_size=500)
    )


def _others(row: Connector, mine: Iterable[ToolSubject]) -> dict[str, str]:
    """Tools that are on at other connectors and have, or may have, a name that this one's tools have or say."""
    names = {name for tool in mine for name in (tool.name, *tool.named)}
    tools = Tool.objects.filter(organization=row.organization_id, kind=Tool.Kind.TOOL, is_enabled=True)
    others = tools.exclude(connector=row).exclude(state=Tool.State.REMOVED).alias(lowered=Lower("name"))
    found: dict[str, str] = {}
    for some in in_batches(sorted(names), NAMES_AT_ONCE):
        alike = others.filter(lowered__in={name.lower() for name in some}, name__in=some).order_by("-connector__name")
        found |= dict(alike.values_list("name", "connector__name")[:MOST_OTHERS])
    return found
