"""Every event reads as a sentence, whatever it holds or lacks."""

from __future__ import annotations

import re
from typing import Any

import pytest

from audit.vocabulary.declaration import EventKind, known_kinds
from audit.vocabulary.sentences import sentence_for

KINDS = known_kinds()
ODD: list[Any] = [None, "", [], {}, 0, 1, True, ["a", "b"], {"label": ""}, {"x": 1}, "ends with a stop.", "two\nlines"]


def bodies_of(kind: EventKind) -> list[dict[str, Any]]:
    """With every field, without any, and with each of the odd values in all of them."""
    full: dict[str, Any] = {"code": kind.code, "actor": {"kind": "person", "id": "1", "label": "Alice"}, "details": {}}
    for field in kind.fields:
        place = full["details"] if field.member == "detail" else full
        place[field.name] = {"id": "1", "label": f"The {field.name}"} if field.member == "label" else f"a {field.name}"
        if field.type == "number":
            place[field.name] = 3
    bodies = [full, {"code": kind.code}, {"code": kind.code, "actor": {"label": "Alice"}, "details": "broken"}]
    for odd in ODD:
        details = {field.name: odd for field in kind.fields if field.member == "detail"}
        members = {field.name: odd for field in kind.fields if field.member != "detail"}
        bodies.append({"code": kind.code, "actor": {"label": "Alice"}, "details": details} | members)
    return bodies


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)
def test_every_event_reads_as_a_sentence(kind: EventKind) -> None:
    for body in bodies_of(kind):
        said = sentence_for(body)
        assert re.match(r"[A-Z]|ends with|two lines|a, b|yes|[0-9]", said), said
        assert said.endswith((".", "!", "?")), said
        assert not re.search(r"unknown \w+\)|\{|\}|None|\[|\]|  | \.|\.\.|: ?\.|,\.|\(\)|\(s\)|=", said), said


def test_one_is_not_many() -> None:
    body = {"code": "profile.deleted", "actor": {"label": "Alice"}, "profile": {"label": "Work"}}
    one, two = (sentence_for(body | {"details": {"tokens": tokens}}) for tokens in (1, 2))
    assert one == "Alice deleted the profile Work; 1 token bound to it was revoked."
    assert two == "Alice deleted the profile Work; 2 tokens bound to it were revoked."
    gone = {"code": "person.removed", "actor": {"label": "Alice"}, "person": {"label": "Dana"}}
    assert "1 token and 1 device were revoked" in sentence_for(gone | {"details": {"tokens": 1, "devices": 1}})


def test_a_name_stays_as_it_is() -> None:
    body = {"code": "connector.deleted", "actor": {"label": "Alice"}, "connector": {"label": "1 tools {x} were"}}
    assert "1 tools {x} were" in sentence_for(body | {"details": {"tools": 1}})


def test_what_has_no_reason_ends_before_it() -> None:
    body = {"code": "connector.health_changed", "connector": {"label": "CRM"}, "details": {"health": "Working"}}
    assert sentence_for(body) == "CRM is now: Working."
    paused = {"code": "connector.paused", "actor": {"label": "Alice"}, "connector": {"label": "CRM"}}
    assert sentence_for(paused) == "Alice paused the connector CRM."


def test_an_export_of_an_earlier_version_shows_no_address() -> None:
    body = {"code": "audit.exported", "actor": {"label": "Alice"}, "reason": "only code=call.refused&person=7f3"}
    assert sentence_for(body) == "Alice exported the audit log: only what fits the filters by code and person."


def test_what_this_version_does_not_know_is_said_to_be_so() -> None:
    said = sentence_for({"code": "nothing.known", "actor": {"label": "Alice"}})
    assert said == "Alice did something that this version of Harriet has no words for (nothing.known)."
    assert sentence_for({}) == "Someone did something that this version of Harriet has no words for."
