"""Two enabled tools, or prompts, that a profile would show under one name, or two servers' resources under one address:
a client could not tell them apart.

Checked when a profile is saved and when a tool is enabled; a disabled tool takes no name.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from django.db.models import Q

from connectors.access.claims import claims_of, readers_in
from connectors.access.rules import shown_name
from connectors.audit_labels import name_with_kind
from connectors.errors import ConnectorError
from connectors.models import Profile, Tool
from harriet.lib.text import excerpt
from harriet.lib.uri_templates import Address


class Clash(NamedTuple):
    shown_name: str
    tools: list[Tool]
    """Enabled and all of one kind, at least two, by their connectors' names."""


def refuse_clashes(profile: Profile) -> None:
    """Raises ConnectorError, beside the prefix, when two tools of the profile have one shown name."""
    for name, tools in clashes_of(profile):
        one, other = tools[0], tools[1]
        if one.connector_id == other.connector_id or profile.has_prefix:
            where = " and ".join(sorted({f"{tool.connector.name}'s {tool.name}" for tool in tools}))
            raise ConnectorError(f"{where} would both be shown as {name}. Take one of them out.", field="connectors")
        raise ConnectorError(
            f"{one.connector.name} and {other.connector.name} both offer {name_with_kind(one.kind, name)}. "
            "Switch the prefix on, so that each name begins with its connector's.",
            field="has_prefix",
        )
    _refuse_shared_addresses(profile)


def refuse_clashes_with(tools: Iterable[Tool]) -> None:
    """The same for every profile that contains one of these tools."""
    tools = list(tools)
    inside = Q(tools__in=tools) | Q(connectors__in={tool.connector_id for tool in tools})
    for profile in Profile.objects.filter(inside).distinct():
        refuse_clashes(profile)


def _refuse_shared_addresses(profile: Profile) -> None:
    names = {} if profile.has_prefix else readers_in(profile)
    claims = list(claims_of(names).values()) if len(names) > 1 else []
    for one in claims:
        for text in (*one.resources, *one.templates):
            address = Address(text)
            other = next((other for other in claims if other is not one and other.since(address)), None)
            if other is not None:
                both = " and ".join(sorted((names[one.connector_id], names[other.connector_id])))
                raise ConnectorError(
                    f"{both} both offer the resource “{excerpt(text, 200)}”. "
                    "Switch the prefix on, so that each address begins with its connector's.",
                    field="has_prefix",
                )


def clashes_of(profile: Profile) -> list[Clash]:
    """A tool and a prompt may share a name."""
    inside = Q(connector__profiles=profile) | Q(profiles=profile)
    tools = Tool.objects.filter(inside, is_enabled=True).select_related("connector").distinct()
    shown: dict[tuple[str, str], list[Tool]] = defaultdict(list)
    for tool in tools.exclude(kind=Tool.Kind.RESOURCES).order_by("connector__name", "name"):
        shown[shown_name(tool.connector.slug, tool.name, profile.has_prefix), tool.kind].append(tool)
    return [Clash(name, found) for (name, _), found in sorted(shown.items()) if len(found) > 1]
