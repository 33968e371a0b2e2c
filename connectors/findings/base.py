"""What a check is told of a connector, and what it says: plain values, so that the same definition scores the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from connectors.models import Risk, Tool

LONGEST_EVIDENCE = 200
"""Characters."""
MOST_READ = 20_000
"""Characters of a description that are searched for names of tools."""
_NAME = re.compile(r"[A-Za-z0-9]+(?:[_.-][A-Za-z0-9]+)+")


class Severity(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


FROM_LOW_TO_CRITICAL = tuple(Severity)


class Finding(NamedTuple):
    """One thing that a check found."""

    code: str
    """Of the check."""
    severity: Severity
    sentence: str
    where: str = ""
    """The tool and the part of it, or the part of the connector, in words."""
    evidence: str = ""
    """As it stands there; a server or an admin wrote it."""


@dataclass(frozen=True, slots=True)
class ToolSubject:
    kind: str
    name: str
    digest: bytes
    definition: Mapping[str, Any]
    risk: str
    is_changed: bool = False
    """Its definition was changed and accepted since the connector was last approved."""

    @property
    def label(self) -> str:
        words: dict[str, str] = {Tool.Kind.PROMPT: "prompt", Tool.Kind.RESOURCES: "the"}
        return f"{words.get(self.kind, 'tool')} {self.name}"

    @property
    def annotations(self) -> Mapping[str, Any]:
        said = self.definition.get("annotations")
        return said if isinstance(said, Mapping) else {}

    @property
    def description(self) -> str:
        return str(self.definition.get("description") or "")

    @property
    def named(self) -> set[str]:
        """What its description may name as tools: names in several parts alone, for “search” is also a word."""
        return set(_NAME.findall(self.description[:MOST_READ])) - {self.name}


@dataclass(frozen=True, slots=True)
class Subject:
    """A connector's definition, with what stands around it."""

    name: str
    kind: str
    url: str
    is_internal: bool
    authentication: str
    """The credential's type; empty for none."""
    placement: Mapping[str, Any] = field(default_factory=dict)
    is_per_person: bool = False
    """People sign in with accounts of their own; otherwise the secret is the organization's."""
    identity: str = ""
    """What the server is told of who calls, in words; empty for nothing."""
    instructions: str = ""
    has_owner: bool = True
    tools: tuple[ToolSubject, ...] = ()
    others: Mapping[str, str] = field(default_factory=dict)
    """Those of its tools' names, and of what their descriptions name, that are tools of the organization's other
    connectors, each with the connector's name."""

    @property
    def host(self) -> str:
        try:
            return (urlsplit(self.url).hostname or "").lower()
        except ValueError:
            return ""

    @property
    def only_tools(self) -> list[ToolSubject]:
        return [tool for tool in self.tools if tool.kind == Tool.Kind.TOOL]

    @property
    def dangerous(self) -> list[ToolSubject]:
        return [tool for tool in self.only_tools if tool.risk == Risk.DANGEROUS]


class Check(NamedTuple):
    """A row of the dictionary."""

    code: str
    """In rows and in the API; never renamed."""
    looks_for: str
    """A sentence for the page and the documents."""
    find: Callable[[Subject], Iterator[Finding]]


def shortened(text: str) -> str:
    return text if len(text) <= LONGEST_EVIDENCE else f"{text[: LONGEST_EVIDENCE - 1]}…"
