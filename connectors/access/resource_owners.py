"""Whose a resource's address is, where a profile without prefix has the resources of several servers: whoever listed it
first. Otherwise a server could answer for another's addresses by listing them too, or a template for all of them. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import NamedTuple
from uuid import UUID

from harriet.lib.uri_templates import LONGEST, Address, Template, template_of

MOST_RESOURCES = 2_000
MOST_TEMPLATES = 200
"""Of one server; what it lists beyond them is nobody's until somebody asks for it."""
KEPT = timedelta(days=7)
"""How long an address stays a server's that doesn't list it any more."""


class TimesListed(NamedTuple):
    """When a server listed an address, in ISO 8601 and UTC, which sorts as text."""

    first: str
    last: str


@dataclass(frozen=True)
class Claims:
    """What one connector's server listed."""

    connector_id: UUID
    resources: Mapping[str, TimesListed] = field(default_factory=dict)
    templates: Mapping[str, TimesListed] = field(default_factory=dict)

    @cached_property
    def _bounded(self) -> list[tuple[Template, str]]:
        compiled = ((template_of(text), listed.first) for text, listed in self.templates.items())
        return [(template, first) for template, first in compiled if template is not None and template.is_bounded]

    def since(self, address: Address) -> str | None:
        """Since when the address, or a template that stands for it, is listed. A template without a scheme of its own
        stands for nothing: it would be everybody's."""
        listed = self.resources.get(address.text) or self.templates.get(address.text)
        firsts = [first for template, first in self._bounded if template.stands_for(address)]
        return min([*firsts, *([listed.first] if listed else [])], default=None)


def owner_among(address: Address, claims: Iterable[Claims]) -> UUID | None:
    """None when nobody listed it."""
    found = [(since, one.connector_id) for one in claims if (since := one.since(address)) is not None]
    return min(found)[1] if found else None


def is_bounded(template: str) -> bool:
    found = template_of(template)
    return found is not None and found.is_bounded


def listed_now(before: Claims, resources: Iterable[str], templates: Iterable[str], now: datetime) -> Claims:
    """What was known, with what is listed now."""
    return Claims(
        before.connector_id,
        _with(before.resources, resources, now, MOST_RESOURCES),
        _with(before.templates, templates, now, MOST_TEMPLATES),
    )


def _with(before: Mapping[str, TimesListed], listed: Iterable[str], now: datetime, most: int) -> dict[str, TimesListed]:
    """PostgreSQL has no room for NUL, and nobody a use for it in an address."""
    said, long_ago = now.isoformat(), (now - KEPT).isoformat()
    fit = [address for address in listed if len(address) <= LONGEST and "\0" not in address][:most]
    found = {address: TimesListed(before[address].first if address in before else said, said) for address in fit}
    gone = {address: one for address, one in before.items() if address not in found and one.last >= long_ago}
    return dict([*found.items(), *gone.items()][:most])
