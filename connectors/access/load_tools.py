"""The tools of an organization as rows: most of its bytes, so nothing is parsed and what is equal is shared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import replace
from typing import NamedTuple
from uuid import UUID

import msgspec
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet, TextField
from django.db.models.functions import Cast

from connectors.access.facts import ConnectorRow, OrganizationFacts, ToolRow, ToolsById
from connectors.access.pinned import NOT_READ, Pinned
from connectors.access.rules import ToolFacts
from connectors.audit_labels import spoken_name
from connectors.models import Tool, ToolPermission, ToolVersion


def pinned_versions(found: QuerySet[Tool], known: Mapping[UUID, ToolRow]) -> dict[UUID, Pinned]:
    """By tool. Definitions are most of an organization's bytes, so of tools that are known only new ones are read."""
    rows, same = ToolVersion.objects.filter(tool__in=found, is_pinned=True), dict[UUID, Pinned]()
    if known:
        digests = dict(rows.values_list("tool_id", "digest"))
        of_known = {tool_id: known[tool_id].pinned for tool_id in digests.keys() & known.keys()}
        same = {tool_id: one for tool_id, one in of_known.items() if one.digest == bytes(digests[tool_id])}
        rows = rows.filter(tool__in=digests.keys() - same.keys())
    text = Cast("definition", TextField())  # parsed, a definition takes ten times the memory
    fresh = rows.values_list("tool_id", "digest", text).iterator(chunk_size=1000)
    return same | {tool_id: Pinned(bytes(digest), _compact(raw)) for tool_id, digest, raw in fresh}


def tool_rows(
    found: QuerySet[Tool],
    connectors: Mapping[UUID, ConnectorRow],
    groups: Mapping[UUID, str],
    pinned: Mapping[UUID, Pinned] | None,
) -> ToolsById:
    permissions = ToolPermission.objects.filter(tool=OuterRef("pk"))
    rows = found.annotate(
        allowed_groups=ArraySubquery(permissions.exclude(group=None).values("group_id")),
        allowed_roles=ArraySubquery(permissions.filter(group=None).values("role")),
    ).values_list(*_TOOL_FIELDS, "allowed_groups", "allowed_roles")
    shared, tools = Interned(groups), ToolsById()
    for *values, allowed_groups, allowed_roles in rows.iterator(chunk_size=1000):
        row = _ToolValues(*values)
        connector, version = connectors.get(row.connector_id), NOT_READ if pinned is None else pinned.get(row.id)
        if connector is None or version is None:
            continue  # created by a transaction that committed between our queries: the next snapshot has it
        permitted = shared.permitted(allowed_groups, allowed_roles)
        tools[row.id] = _tool(row, connector, permitted, version, shared)
    return tools


def changed_tools(
    before: OrganizationFacts, ids: Set[UUID], connectors: Mapping[UUID, ConnectorRow], groups: Mapping[UUID, str]
) -> ToolsById:
    """The tools after a change of those with the ids, of connectors or of groups; the same object where they are as
    they were."""
    ids = ids | _named_by(_of_another_name(before.groups, groups))
    rows = before.tools
    if ids:
        found = Tool.objects.filter(organization=before.id, pk__in=ids)
        fresh = tool_rows(found, connectors, groups, pinned_versions(found, before.tools))
        if any(before.tools.get(row_id) != fresh.get(row_id) for row_id in ids):
            kept = {row_id: row for row_id, row in rows.items() if row_id not in ids or fresh.get(row_id) == row}
            rows = ToolsById({**fresh, **kept})
    return _with_connectors(rows, before.connectors, connectors)


def _of_another_name(before: Mapping[UUID, str], groups: Mapping[UUID, str]) -> set[UUID]:
    """Tools name the groups that may call them."""
    return set() if groups is before else {one for one, _ in before.items() ^ groups.items()}


def _named_by(group_ids: set[UUID]) -> set[UUID]:
    if not group_ids:
        return set()
    return set(ToolPermission.objects.filter(group__in=group_ids).values_list("tool_id", flat=True))


def _with_connectors(
    tools: ToolsById, before: Mapping[UUID, ConnectorRow], connectors: Mapping[UUID, ConnectorRow]
) -> ToolsById:
    """The same tools, those whose connectors have changed with the new ones."""
    moved = {one for one, row in before.items() if connectors.get(one) is not row}
    if not moved:
        return tools
    rows = ToolsById()
    for row in tools.values():
        if row.connector.id not in moved:
            rows[row.id] = row
        elif (connector := connectors.get(row.connector.id)) is not None:
            rows[row.id] = row if row.connector is connector else _moved(row, connector)
    return rows


def _moved(row: ToolRow, connector: ConnectorRow) -> ToolRow:
    facts = replace(
        row.facts,
        connector_name=connector.name,
        connector_state=connector.state,
        connector_review=connector.review,
    )
    return replace(row, connector=connector, facts=facts)


class _ToolValues(NamedTuple):
    id: UUID
    connector_id: UUID
    kind: str
    name: str
    state: str
    is_enabled: bool
    risk_override: str
    risk_proposed: str
    requires_confirmation: bool
    position: int


_TOOL_FIELDS = _ToolValues._fields


class Permitted(NamedTuple):
    groups: Mapping[UUID, str]
    roles: frozenset[str]


class Interned:
    """Gives equal values the same object: thousands of tools have a few states and permissions between them."""

    def __init__(self, groups: Mapping[UUID, str]) -> None:
        self._groups = groups
        self._words: dict[str, str] = {}
        self._permitted: dict[tuple[frozenset[UUID], frozenset[str]], Permitted] = {}

    def word(self, word: str) -> str:
        return self._words.setdefault(word, word)

    def permitted(self, group_ids: Iterable[UUID], roles: Iterable[str]) -> Permitted:
        key = (frozenset(one for one in group_ids if one in self._groups), frozenset(roles))
        known = self._permitted.get(key)
        if known is None:
            named = {group: self._groups[group] for group in key[0]}
            known = self._permitted[key] = Permitted(named, key[1])
        return known


def _tool(
    row: _ToolValues, connector: ConnectorRow, permitted: Permitted, version: Pinned, shared: Interned
) -> ToolRow:
    facts = ToolFacts(
        tool_id=row.id,
        name=spoken_name(row.kind, row.name),
        connector_id=connector.id,
        connector_name=connector.name,
        connector_state=connector.state,
        connector_review=connector.review,
        state=shared.word(row.state),
        is_enabled=row.is_enabled,
        groups=permitted.groups,
        roles=permitted.roles,
    )
    return ToolRow(
        id=row.id,
        kind=shared.word(row.kind),
        name=row.name,
        connector=connector,
        facts=facts,
        pinned=version,
        risk=shared.word(row.risk_override or row.risk_proposed),
        requires_confirmation=row.requires_confirmation,
        position=row.position,
    )


def _compact(text: str) -> bytes:
    """Without the spaces that PostgreSQL writes. Numbers and names stay as they are."""
    return msgspec.json.format(text.encode(), indent=-1)
