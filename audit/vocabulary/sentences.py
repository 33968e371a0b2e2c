"""Stored events as sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audit.vocabulary.declaration import LABELS, WORDS, kind_of
from audit.vocabulary.words import OUTCOMES


def sentence_for(body: Mapping[str, Any]) -> str:
    """The event as a sentence. Never fails: an unknown code reads as itself, a missing field as "unknown"."""
    kind = kind_of(str(body.get("code", "")))
    template = kind.sentence if kind else "{actor}: {code}"
    try:
        return template.format_map(_Fields(_fields(body)))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        return f"{_label(body, 'actor')}: {body.get('code', 'unknown')}"


class _Fields(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return f"(unknown {key})"


def _label(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    return str(value.get("label", "")) if isinstance(value, Mapping) else str(value or "")


def _fields(body: Mapping[str, Any]) -> dict[str, Any]:
    details = body.get("details")
    fields: dict[str, Any] = dict(details) if isinstance(details, Mapping) else {}
    fields |= {name: _label(body, name) for name in ("actor", *LABELS, *WORDS) if body.get(name)}
    fields.setdefault("actor", "someone")
    fields.setdefault("person", fields["actor"])
    composed = {
        "code": body.get("code", ""),
        "caller": _caller(fields),
        "target": _target(fields),
        "because": _because(str(fields.get("reason", ""))),
        "result": _result(fields.get("outcome", "")),
    }
    return composed | fields


def _caller(fields: Mapping[str, Any]) -> str:
    who = fields["person"]
    client = f" with {fields['client']}" if fields.get("client") else ""
    device = f" on {fields['device']}" if fields.get("device") else ""
    return f"{who}{client}{device}"


def _target(fields: Mapping[str, Any]) -> str:
    tool = fields.get("tool") or fields.get("asked_for") or "a tool"
    return f"{tool} on {fields['connector']}" if fields.get("connector") else str(tool)


def _because(reason: str) -> str:
    return f": {reason.rstrip('.')}" if reason else ""


def _result(outcome: str) -> str:
    word = OUTCOMES.get(outcome)
    return word.sentence if word else f"ended as {outcome}"
