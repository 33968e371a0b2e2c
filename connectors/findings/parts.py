"""A definition part by part, its digest, and in words what differs between two: a review is bound to the digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from connectors.findings.base import Subject

Parts = Mapping[str, Any]
MOST_NAMED = 20
"""Changes that are said one by one."""
STOPPING = frozenset({"address", "internal"})
"""Another server is another connector: service stops until somebody has reviewed it."""
REOPENING = STOPPING | {"kind", "authentication", "identity"}
"""What is reviewed again. Tools are by what is found in them: new ones come disabled, and changed ones wait in
quarantine until an admin accepts the change."""
_WORDS = {
    "address": "the address",
    "internal": "whether its host is inside the company",
    "kind": "the kind",
    "authentication": "how Harriet signs in",
    "identity": "what the server is told of who calls",
    "name": "the name",
    "instructions": "the server’s instructions",
    "owner": "who looks after it",
}


def parts_of(subject: Subject) -> dict[str, Any]:
    """What a reviewer's decision is about. Nothing secret: placements have none."""
    signing = [subject.authentication, dict(subject.placement), subject.is_per_person]
    return {
        "name": subject.name,
        "kind": subject.kind,
        "address": subject.url,
        "internal": subject.is_internal,
        "authentication": hashlib.sha256(_canonical(signing)).hexdigest()[:16],
        "identity": subject.identity,
        "instructions": hashlib.sha256(subject.instructions.encode("utf-8", "replace")).hexdigest()[:16],
        "owner": subject.has_owner,
        "tools": {tool.label: f"{tool.digest.hex()[:32]} {tool.risk}" for tool in subject.tools},
    }


def digest_of(parts: Parts) -> bytes:
    return hashlib.sha256(_canonical(parts)).digest()


def _canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def keys_changed(before: Parts, after: Parts) -> set[str]:
    return {key for key in after if before.get(key) != after[key]}


def changes_between(before: Parts, after: Parts) -> list[str]:
    """In words: “the address”, “tool send_mail is new”, …"""
    keys = keys_changed(before, after)
    words = [_WORDS[key] for key in _WORDS if key in keys]
    words += _tools_changed(before.get("tools") or {}, after.get("tools") or {}) if "tools" in keys else []
    more = len(words) - MOST_NAMED
    return [*words[:MOST_NAMED], f"{more} more"] if more > 0 else words


def _tools_changed(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    words = []
    for label in sorted(before.keys() | after.keys()):
        was, now = before.get(label), after.get(label)
        if was == now:
            continue
        if was is None or now is None:
            words.append(f"{label} is {'new' if was is None else 'gone'}")
        else:
            is_other_risk = was.partition(" ")[0] == now.partition(" ")[0]
            words.append(f"{label} has another {'risk class' if is_other_risk else 'definition'}")
    return words
