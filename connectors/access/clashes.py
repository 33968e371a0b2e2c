"""Two enabled tools, or prompts, that a profile would show under one name, or two servers' resources under one address:
a client could not tell them apart.

Checked when a profile is saved and when a tool is enabled; a disabled tool takes no name. When a tool is enabled, only
what could have its name is read, however much its profiles hold.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.functions import Lower

from connectors.access.claims import claims_of, readers_in
from connectors.access.in_database import is_in, profiles_with
from connectors.access.resource_owners import Claims
from connectors.access.rules import LONGEST_NAME, shown_name
from connectors.audit_labels import name_with_kind
from connectors.errors import ConnectorError
from connectors.models import Connector, Profile, Tool
from harriet.lib.batches import in_batches
from harriet.lib.text import excerpt
from harriet.lib.uri_templates import Address

CLAIMS_AT_ONCE = 50
"""Servers whose addresses are compared at a time: each may have listed thousands."""
_MARKED = re.compile(r"_[0-9a-f]{8}$")
"""How a shown name ends that had to be cut, or in which something had to be replaced."""
_NOT_SHOWN_AS_IT_IS = rf"[^A-Za-z0-9_.-]|^.{{{LONGEST_NAME + 1}}}"

_Shown = tuple[str, str]
"""The shown name, and the kind: a tool and a prompt may share a name."""


class _Named(NamedTuple):
    id: UUID
    kind: str
    name: str
    connector_id: UUID
    slug: str

    def shown(self, has_prefix: bool) -> _Shown:
        return shown_name(self.slug, self.name, has_prefix), self.kind


def refuse_clashes(profile: Profile) -> None:
    """Raises ConnectorError, beside the prefix, when two tools of the profile have one shown name."""
    shown: defaultdict[_Shown, list[UUID]] = defaultdict(list)
    for row in _rows(_taking_names(profile.organization_id).filter(_inside(profile))):
        shown[row.shown(profile.has_prefix)].append(row.id)
    clashing = min((key for key, found in shown.items() if len(found) > 1), default=None)
    if clashing is not None:
        _refuse(profile, clashing[0], shown[clashing])
    readers = {} if profile.has_prefix else readers_in(profile)
    if len(readers) > 1:
        _refuse_shared_addresses(readers, list(claims_of(readers).values()))


def refuse_clashes_with(tools: Iterable[Tool]) -> None:
    """The same for every profile that contains one of these tools, which were enabled just now."""
    enabled = [tool for tool in tools if tool.is_enabled]
    named = [tool.pk for tool in enabled if tool.kind != Tool.Kind.RESOURCES]
    if not enabled:
        return
    organization_id = enabled[0].organization_id
    mine = list(_rows(_taking_names(organization_id).filter(pk__in=named))) if named else []
    for has_prefix in (False, True):
        among = _beside_prefixed if has_prefix else _beside_bare
        _refuse_among(mine, among(organization_id, mine), has_prefix)
    for tool in enabled:
        if tool.kind == Tool.Kind.RESOURCES:
            _refuse_addresses_of(tool)


def _taking_names(organization_id: UUID) -> QuerySet[Tool]:
    taking = Tool.objects.filter(organization=organization_id, is_enabled=True)
    return taking.exclude(kind=Tool.Kind.RESOURCES).order_by()


def _rows(tools: QuerySet[Tool]) -> Iterator[_Named]:
    found = tools.values_list("pk", "kind", "name", "connector_id", "connector__slug")
    return (_Named(*row) for row in found.iterator())


def _inside(profile: Profile) -> Q:
    return is_in(Profile.objects.filter(pk=profile.pk))


def _beside_bare(organization_id: UUID, mine: Collection[_Named]) -> list[_Named]:
    """Whatever could be shown under the same name without a prefix: what is called so, and where the name has a mark,
    what would be shown with one."""
    shown = {row.shown(False)[0] for row in mine}
    alike = Q(lowered__in={name.lower() for name in shown})
    if any(map(_MARKED.search, shown)):
        alike |= Q(name__regex=_NOT_SHOWN_AS_IT_IS)
    return list(_rows(_taking_names(organization_id).alias(lowered=Lower("name")).filter(alike))) if shown else []


def _beside_prefixed(organization_id: UUID, mine: Collection[_Named]) -> list[_Named]:
    """Shown names begin with the slug. So the same one can come from the same connector, where something was cut or
    replaced; or from one whose slug goes on where the other ends, as `crm` and `crm_eu` do."""
    slugs = {row.slug for row in mine}
    shorter = {slug[: found.start()] for slug in slugs for found in re.finditer("_", slug)}
    longer = [Q(slug__startswith=f"{slug}_") for slug in slugs]
    kin = Q(slug__in=shorter)
    for one in longer:
        kin |= one
    found = set(Connector.objects.filter(kin, organization=organization_id).values_list("pk", flat=True))
    if not found and not any(_MARKED.search(row.shown(True)[0]) for row in mine):
        return []
    found |= {row.connector_id for row in mine}
    return list(_rows(_taking_names(organization_id).filter(connector__in=found)))


def _refuse_among(mine: Iterable[_Named], others: Iterable[_Named], has_prefix: bool) -> None:
    shown: defaultdict[_Shown, dict[UUID, _Named]] = defaultdict(dict)
    changed = {row.id for row in mine}
    wanted = {row.shown(has_prefix) for row in mine}
    for row in others:
        if (key := row.shown(has_prefix)) in wanted:
            shown[key][row.id] = row
    groups = [(key, rows) for key, rows in sorted(shown.items()) if len(rows) > 1]
    found = _first_profile([list(rows) for _, rows in groups], changed, has_prefix)
    if found is not None:
        number, profile_id = found
        (name, _), rows = groups[number]
        _refuse(Profile.objects.get(pk=profile_id), name, list(rows))


_FIRST_PROFILE = """
WITH named AS (SELECT * FROM unnest(%s::uuid[], %s::int[], %s::bool[]) AS named(tool_id, number, is_changed)),
contained AS (
  SELECT pc.profile_id, n.* FROM named n JOIN connectors_tool t ON t.id = n.tool_id
    JOIN connectors_profile_connectors pc ON pc.connector_id = t.connector_id
  UNION SELECT pt.profile_id, n.* FROM named n JOIN connectors_profile_tools pt ON pt.tool_id = n.tool_id)
SELECT c.number, c.profile_id FROM contained c JOIN connectors_profile p ON p.id = c.profile_id
WHERE p.has_prefix = %s GROUP BY 1, 2 HAVING count(*) > 1 AND bool_or(c.is_changed) ORDER BY 1, 2 LIMIT 1
"""


def _first_profile(groups: list[list[UUID]], changed: set[UUID], has_prefix: bool) -> tuple[int, UUID] | None:
    """A profile that contains one of the changed tools and another one of its group, and the number of the group."""
    flat = [(tool_id, number, tool_id in changed) for number, ids in enumerate(groups) for tool_id in ids]
    if not flat:
        return None
    with connection.cursor() as cursor:
        cursor.execute(_FIRST_PROFILE, [*map(list, zip(*flat, strict=True)), has_prefix])
        found: tuple[int, UUID] | None = cursor.fetchone()
    return found


def _refuse(profile: Profile, name: str, ids: Collection[UUID]) -> None:
    inside = Tool.objects.filter(_inside(profile), pk__in=ids).select_related("connector")
    tools = list(inside.order_by("connector__name", "name"))
    one, other = tools[0], tools[1]
    if one.connector_id == other.connector_id or profile.has_prefix:
        where = " and ".join(sorted({f"{tool.connector.name}'s {tool.name}" for tool in tools}))
        raise ConnectorError(f"{where} would both be shown as {name}. Take one of them out.", field="connectors")
    raise ConnectorError(
        f"{one.connector.name} and {other.connector.name} both offer {name_with_kind(one.kind, name)}. "
        "Switch the prefix on, so that each name begins with its connector's.",
        field="has_prefix",
    )


def _refuse_addresses_of(resources: Tool) -> None:
    """In every profile without prefix that contains these resources."""
    shared = profiles_with([resources]).filter(has_prefix=False)
    rows = Tool.objects.filter(is_in(shared), kind=Tool.Kind.RESOURCES, is_enabled=True)
    readers = dict(rows.values_list("connector_id", "connector__name"))
    mine = list(claims_of([resources.connector_id]).values())
    others = sorted(readers.keys() - {resources.connector_id})
    for some in in_batches(others, CLAIMS_AT_ONCE) if mine else ():
        for other in claims_of(some).values():
            _refuse_shared_addresses(readers, [*mine, other])


def _refuse_shared_addresses(readers: Mapping[UUID, str], claims: Collection[Claims]) -> None:
    listing: dict[str, Claims] = {}
    templated = [one for one in claims if one.templates]
    for one in claims:
        for text in (*one.resources, *one.templates):
            address = Address(text)
            first = listing.setdefault(text, one)
            other = first if first is not one else _other_since(address, one, templated)
            if other is not None:
                raise _shared_address(text, readers[one.connector_id], readers[other.connector_id])


def _other_since(address: Address, one: Claims, templated: Iterable[Claims]) -> Claims | None:
    return next((other for other in templated if other is not one and other.since(address)), None)


def _shared_address(text: str, *names: str) -> ConnectorError:
    return ConnectorError(
        f"{' and '.join(sorted(names))} both offer the resource “{excerpt(text, 200)}”. "
        "Switch the prefix on, so that each address begins with its connector's.",
        field="has_prefix",
    )
