"""The event codes and their sentences. Each app defines its own in <app>/events.py; codes are never renamed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LABELLED = ("actor", "person", "device", "connector", "tool", "profile", "ticket")
_PLAIN = ("client", "decision", "reason", "outcome")
_RESULTS = {
    "ok": "succeeded",
    "error": "ended in an error",
    "timeout": "ran out of time",
    "cancelled": "was cancelled",
    "unknown": "has no known outcome",
}


@dataclass(frozen=True, slots=True)
class Code:
    code: str
    sentence: str
    description: str


_codes: dict[str, Code] = {}


def define(code: str, sentence: str, description: str) -> str:
    """Registers a code and returns it.

    `sentence` is a str.format template over the event's fields: {actor} {person} {device} {client} {connector} {tool}
    {profile} {ticket} {decision} {reason} {outcome} and every key in details; and three that read well when their
    parts are absent: {caller} (who, with which client, on which device), {target} (which tool on which connector),
    {because} (": reason" or nothing) and {result} (the outcome in words).
    """
    made = Code(code, sentence, description)
    if not re.fullmatch(r"[a-z0-9_]+(\.[a-z0-9_]+)+", code) or len(code) > 60:
        raise ValueError(f"An event code looks like noun.verb, at most 60 characters, not {code!r}.")
    if _codes.setdefault(code, made) != made:
        raise ValueError(f"The event code {code} is defined twice, differently.")
    return code


def known_codes() -> list[Code]:
    return sorted(_codes.values(), key=lambda known: known.code)


def describe(code: str) -> str:
    """What the code means, or nothing when this version of Harriet doesn't know it."""
    known = _codes.get(code)
    return known.description if known else ""


def sentence_for(body: Mapping[str, Any]) -> str:
    """The event as a sentence. Never fails: an unknown code reads as itself, a missing field as "unknown"."""
    known = _codes.get(str(body.get("code", "")))
    template = known.sentence if known else "{actor}: {code}"
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
    fields |= {name: _label(body, name) for name in (*LABELLED, *_PLAIN) if body.get(name)}
    outcome = fields.get("outcome", "")
    fields.setdefault("actor", "someone")
    fields.setdefault("person", fields["actor"])
    composed = {
        "code": body.get("code", ""),
        "caller": _caller(fields),
        "target": _target(fields),
        "because": _because(str(fields.get("reason", ""))),
        "result": _RESULTS.get(outcome, f"ended as {outcome}"),
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
