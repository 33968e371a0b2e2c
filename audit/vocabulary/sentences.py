"""Stored events as sentences: whatever an event lacks, or holds that nobody expected, what is read is a sentence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from string import Formatter
from typing import Any

from audit.vocabulary.declaration import LABELS, WORDS, kind_of
from audit.vocabulary.words import OUTCOMES

_UNSAID = {
    "person": "somebody",
    "actor": "someone",
    "device": "a device",
    "connector": "a connector",
    "tool": "a tool",
    "profile": "a profile",
    "ticket": "a ticket",
    "token": "a credential",
    "group": "a group",
    "groups": "groups",
    "organization": "an organization",
    "email": "somebody",
    "recipients": "somebody",
    "role": "a role",
    "before": "something else",
    "health": "unknown",
    "checks": "treated in another way",
    "version": "unknown",
    "factor": "a factor",
    "host": "a host",
    "due": "a day",
    "label": "a key",
}
"""What stands for a field that an event doesn't hold."""
_MANY = re.compile(r"^( \w+?)s\b")
_ADDRESS = re.compile(r"(?:^|[&?\s])(\w+)=[^&\s]*")
"""Of a filter in an address, as exports of earlier versions named what they held."""


def sentence_for(body: Mapping[str, Any]) -> str:
    """The event as a sentence. Never fails: an unknown code is named, a missing field is passed over, or "a tool"."""
    kind = kind_of(str(body.get("code", "")))
    fields = _fields(body)
    if kind is None:
        code = str(body.get("code") or "")
        named = f" ({code})" if code else ""
        return _finished(f"{fields['actor']} did something that this version of Harriet has no words for{named}")
    return _finished(_written(kind.sentence, fields))


def template_words(sentence: str) -> str:
    """What a kind of event always says, in small letters: for searching."""
    return re.sub(r"\{\w+\}", " ", sentence).lower()


def _written(template: str, fields: Mapping[str, Any]) -> str:
    said, parts = "", [(literal, name) for literal, name, _, _ in Formatter().parse(template)]
    is_one = False
    for number, (literal, name) in enumerate(parts):
        said = _after(said, _of_one(literal, parts[number - 1][0]) if is_one else literal)
        if name is None:
            continue
        following = parts[number + 1][0] if number + 1 < len(parts) else ""
        is_one = fields.get(name) == 1 and not isinstance(fields.get(name), bool)
        said = _with_value(said, name, fields, following)
    return said


def _of_one(literal: str, before: str) -> str:
    """What follows a 1; together with others it is still many."""
    single = _MANY.sub(r"\1", literal, count=1)
    return single if before.endswith(" and ") else single.replace(" were ", " was ")


def _after(said: str, literal: str) -> str:
    """One of two full stops that meet."""
    return said + (literal[1:] if literal.startswith(".") and said.endswith((".", "!", "?")) else literal)


def _with_value(said: str, name: str, fields: Mapping[str, Any], following: str) -> str:
    value = _said(fields.get(name))
    if value or name == "because":
        return said + value
    if name in _UNSAID:
        return said + (_UNSAID[name] if said else _UNSAID[name].capitalize())
    if said.endswith((": ", ". ")):  # the sentence ends before it
        return said[:-2] + ("." if said.endswith(". ") else "")
    return said + ("some" if _MANY.match(following) else "something")


def _said(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return ", ".join(filter(None, map(_said, value)))
    if isinstance(value, Mapping):
        return _said(value.get("label"))
    return "" if value is None else " ".join(str(value).split())


def _finished(sentence: str) -> str:
    ended = sentence.rstrip(" :,;")
    return ended if ended.endswith((".", "!", "?", "…", ".”")) else f"{ended}."


def _fields(body: Mapping[str, Any]) -> dict[str, Any]:
    details = body.get("details")
    fields: dict[str, Any] = dict(details) if isinstance(details, Mapping) else {}
    fields |= {name: _said(body.get(name)) for name in ("actor", *LABELS, *WORDS) if _said(body.get(name))}
    fields["actor"] = _said(fields.get("actor")) or "Someone"
    fields["person"] = _said(fields.get("person")) or fields["actor"]
    composed = {
        "code": _said(body.get("code")),
        "caller": _caller(fields),
        "target": _target(fields),
        "because": _because(_said(fields.get("fault")) or _said(fields.get("reason"))),
        "result": _result(_said(fields.get("outcome"))),
    }
    return fields | composed


def _caller(fields: Mapping[str, Any]) -> str:
    who = fields["person"]
    client = f" with {fields['client']}" if fields.get("client") else ""
    device = f" on {fields['device']}" if fields.get("device") else ""
    return f"{who}{client}{device}"


def _target(fields: Mapping[str, Any]) -> str:
    tool = _said(fields.get("tool")) or _said(fields.get("asked_for")) or "a tool"
    return f"{tool} on {fields['connector']}" if fields.get("connector") else tool


def _because(reason: str) -> str:
    names = _ADDRESS.findall(reason) if reason.startswith("only ") else []
    if names:
        return f": only what fits the filters by {' and '.join(dict.fromkeys(names))}"
    return f": {reason.rstrip('.')}" if reason else ""


def _result(outcome: str) -> str:
    if not outcome:
        return "ended"
    word = OUTCOMES.get(outcome)
    return word.sentence if word else f"ended as {outcome}"
