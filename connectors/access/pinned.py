"""A tool's pinned definition, as the clients of either era see it. Pure: no database, no network."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import msgspec

from harriet.lib.mcp.param_headers import ParamHeader, annotated_parameters
from harriet.lib.mcp.versions import LEGACY

MEMBER = "harriet/eras"
"""Of a merged definition: `{"only": era}`, or `{"legacy": {"with": members that differ, "without": names}}`. No
server's own member of this name is ever taken."""
_MARK = MEMBER.encode()

Definition = Mapping[str, Any]


class Pinned:
    """A pinned definition: compact JSON, because most tools are listed and few are called. Never changes."""

    __slots__ = ("_definition", "_older", "_param_headers", "digest", "in_sessions", "only", "raw")

    def __init__(self, digest: bytes, raw: bytes) -> None:
        self.digest, self.raw = digest, raw
        self.in_sessions, self.only = self, ""
        self._definition: Mapping[str, Any] | None = None
        self._older: bytes | None = None
        self._param_headers: tuple[ParamHeader, ...] | None = None
        if _MARK in raw:
            self._split()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pinned) and other.digest == self.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def _split(self) -> None:
        """A server of both eras may offer a tool a little differently in each, or in one alone."""
        whole = self.read()
        earlier, later = in_sessions(whole), without_eras(whole)
        self.only = only_era(whole)
        self.raw, raw = msgspec.json.encode(later), msgspec.json.encode(earlier)
        if raw != self.raw:
            self.in_sessions = Pinned(sha256(self.digest + LEGACY.encode()).digest(), raw)

    @property
    def older(self) -> bytes:
        """As clients up to 2025-11-25 can read it; mostly the same bytes. Kept: listed once, it is listed again."""
        if self._older is None:
            self._older = _for_older(self.raw)
        return self._older

    @property
    def definition(self) -> Mapping[str, Any]:
        """Kept: who asks is about to call the tool, and the next call asks again."""
        if self._definition is None:
            self._definition = self.read()
        return self._definition

    @property
    def param_headers(self) -> tuple[ParamHeader, ...]:
        """Which arguments a call of 2026-07-28 repeats in headers. Kept: every such call is checked."""
        if self._param_headers is None:
            self._param_headers = annotated_parameters(self.definition.get("inputSchema"))
        return self._param_headers

    def read(self) -> dict[str, Any]:
        """Not kept."""
        return dict(json.loads(self.raw))


def _for_older(raw: bytes) -> bytes:
    if b'"outputSchema"' not in raw:
        return raw
    definition = json.loads(raw)
    shown = shown_to_older(definition)
    if shown is definition:
        return raw
    return json.dumps(shown, ensure_ascii=False, separators=(",", ":")).encode()


NOT_READ = Pinned(b"", b"{}")
"""For pages, which decide without the definition."""


def without_eras(definition: Any) -> Any:
    if not isinstance(definition, dict) or MEMBER not in definition:
        return definition
    return {key: value for key, value in definition.items() if key != MEMBER}


def only_era(definition: Definition) -> str:
    """The one era in which this is offered; empty for both, or for whichever the server speaks."""
    only = definition.get(MEMBER, {}).get("only", "")
    return str(only)


def in_sessions(definition: Definition) -> dict[str, Any]:
    """As clients of the earlier era see it."""
    differs = definition.get(MEMBER, {}).get(LEGACY, {})
    left_out = {MEMBER, *differs.get("without", ())}
    changed = differs.get("with", {})
    known = {key: changed.get(key, value) for key, value in definition.items() if key not in left_out}
    return {**known, **{key: value for key, value in changed.items() if key not in known}}


def shown_to_older(definition: Mapping[str, Any]) -> Mapping[str, Any]:
    """A tool for clients up to 2025-11-25, whose output schemas are of objects alone. Their lists break on others."""
    if "outputSchema" not in definition:
        return definition
    schema = definition["outputSchema"]
    kind = schema.get("type") if isinstance(schema, dict) else None
    if kind == "object":
        return definition
    if kind == ["object"]:
        return {**definition, "outputSchema": {**schema, "type": "object"}}
    return {name: one for name, one in definition.items() if name != "outputSchema"}
