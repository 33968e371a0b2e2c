"""The tools of an organization as rows: most of its bytes, so nothing is parsed and what is equal is shared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple
from uuid import UUID

import msgspec
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet, TextField
from django.db.models.functions import Cast

from connectors.access.facts import ConnectorRow, Mark, ToolRow
from connectors.access.pinned import NOT_READ, Pinned
from connectors.access.rules import ToolFacts
from connectors.audit_labels import spoken_name
from connectors.models import Tool, ToolPermission, ToolVersion
from harriet.lib.row_fingerprint import fingerprint

_read: dict[UUID, dict[UUID, Pinned]] = {}
"""By organization, by version: what the last load in this process read. What a version's row defines never changes."""


def pinned_versions(organization_id: UUID) -> dict[UUID, Pinned]:
    """By tool. Definitions are most of an organization's bytes, so only new ones are read and parsed."""
    rows = ToolVersion.objects.filter(tool__organization_id=organization_id, is_pinned=True)
    tools, known = dict(rows.values_list("id", "tool_id")), _read.get(organization_id, {})
    missing = tools.keys() - known.keys()
    if missing and known:
        rows = rows.filter(pk__in=missing)
    text = Cast("definition", TextField())  # parsed, a definition takes ten times the memory
    fresh = rows.values_list("id", "digest", text).iterator(chunk_size=1000) if missing else ()
    found = known | {row_id: Pinned(bytes(digest), _compact(raw)) for row_id, digest, raw in fresh}
    _read[organization_id] = {row_id: found[row_id] for row_id in tools if row_id in found}
    return {tools[row_id]: version for row_id, version in _read[organization_id].items()}


def tool_rows(
    found: QuerySet[Tool],
    connectors: Mapping[UUID, ConnectorRow],
    groups: Mapping[UUID, str],
    pinned: Mapping[UUID, Pinned] | None,
) -> dict[UUID, ToolRow]:
    permissions = ToolPermission.objects.filter(tool=OuterRef("pk"))
    rows = found.annotate(
        allowed_groups=ArraySubquery(permissions.exclude(group=None).values("group_id")),
        allowed_roles=ArraySubquery(permissions.filter(group=None).values("role")),
    ).values_list(*_TOOL_FIELDS, "allowed_groups", "allowed_roles")
    shared, tools = Interned(groups), {}
    for *values, allowed_groups, allowed_roles in rows.iterator(chunk_size=1000):
        row = _ToolValues(*values)
        connector, version = connectors.get(row.connector_id), NOT_READ if pinned is None else pinned.get(row.id)
        if connector is None or version is None:
            continue  # created by a transaction that committed between our queries: the next snapshot has it
        permitted = shared.permitted(allowed_groups, allowed_roles)
        tools[row.id] = _tool(row, connector, permitted, version, shared)
    return tools


def tools_mark(found: QuerySet[Tool], groups: Mapping[UUID, str]) -> Mark:
    """Of all that `tool_rows` reads, but the connectors."""
    permissions = ToolPermission.objects.filter(tool__in=found).values_list("tool_id", "group_id", "role")
    versions = ToolVersion.objects.filter(tool__in=found, is_pinned=True).values_list("id", "tool_id")
    named = repr(sorted((group.hex, name) for group, name in groups.items())).encode()
    return fingerprint(found.values_list(*_TOOL_FIELDS)), fingerprint(permissions), fingerprint(versions), named


def with_connectors(tools: Mapping[UUID, ToolRow], connectors: Mapping[UUID, ConnectorRow]) -> Mapping[UUID, ToolRow]:
    """The same tools, those whose connectors have changed with the new ones."""
    if all(connectors.get(row.connector.id) is row.connector for row in tools.values()):
        return tools
    return {
        row.id: row if row.connector is connectors[row.connector.id] else _moved(row, connectors[row.connector.id])
        for row in tools.values()
        if row.connector.id in connectors
    }


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
