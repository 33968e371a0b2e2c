"""Whatever a server lists, what leaves Harriet can be read by the official SDKs, in each revision of the protocol."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mcp_types import methods

from connectors.access.pinned import shown_to_older
from connectors.definitions.mend import mended, mended_entries
from connectors.definitions.offer import read_offer
from connectors.definitions.sound import Remarks, sound_entries
from harriet.lib.json.canonical import canonical_bytes
from harriet.lib.json.lenient import parse_leniently
from tests.clients.node import HERE, run

OLDER = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
NEWER = "2026-07-28"
METHODS = {
    "tools": "tools/list",
    "prompts": "prompts/list",
    "resources": "resources/list",
    "resourceTemplates": "resources/templates/list",
}
MEMBERS: dict[str, dict[str, Any]] = {
    "tools": {
        "name": "send",
        "title": "Send",
        "description": "Sends.",
        "inputSchema": {"type": "object", "properties": {"to": {"type": "string"}}, "required": ["to"]},
        "outputSchema": {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]},
        "annotations": {"title": "Send", "readOnlyHint": False, "destructiveHint": True, "idempotentHint": False},
        "icons": [{"src": "https://a.example/i.png", "mimeType": "image/png", "sizes": ["48x48"], "theme": "dark"}],
        "execution": {"taskSupport": "optional"},
        "_meta": {"a": 1},
    },
    "prompts": {
        "name": "greet",
        "title": "Greet",
        "description": "Greets.",
        "arguments": [{"name": "who", "title": "Who", "description": "Whom", "required": True}],
        "icons": [{"src": "data:,x"}],
        "_meta": {},
    },
    "resources": {
        "uri": "crm://1",
        "name": "one",
        "title": "One",
        "description": "The first.",
        "mimeType": "text/plain",
        "size": 12,
        "annotations": {"audience": ["user"], "priority": 0.5, "lastModified": "2025-01-12T15:00:58Z"},
        "_meta": {},
    },
    "resourceTemplates": {
        "uriTemplate": "crm://{id}",
        "name": "any",
        "description": "Each.",
        "mimeType": "text/plain",
        "annotations": {"audience": ["assistant"], "priority": 1},
    },
}
NOTHING_MUCH: list[Any] = [None, True, False, 0, 1, 5, -1, 0.5, 1.0, 2**64 - 1, 10**400, float("inf"), float("nan")]
TEXTS: list[Any] = ["", "x", "object", "true", "12", "\ud83d", "a\0b", "2025-01-12", "2025-02-30T00:00:00Z"]
MOMENTS: list[Any] = ["2025-01-12T15:00:58.1+02:00", "2025-01-12T15:00:58+05:75", "2025-01-12T15:00Z"]
LISTS: list[Any] = [[], ["object"], ["object", "null"], [None], ["x", 1], [["x"]], [{"name": "n"}]]
OBJECTS: list[Any] = [
    {},
    {"x": None},
    {"name": 5},
    {"type": "array"},
    {"type": None, "properties": []},
    {"src": None},
    {"src": "x"},
    {"properties": {"a": True, "b": None, "c": []}},
    {"properties": {"a": "string"}},
]
JUNK = st.sampled_from([*NOTHING_MUCH, *TEXTS, *MOMENTS, *LISTS, *OBJECTS]).map(copy.deepcopy)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [*([path] if path else []), *(place for key, one in inner for place in places(one, (*path, key)))]


@st.composite
def broken_entries(draw: st.DrawFn, member: str) -> dict[str, Any]:
    """A good entry with a few of its members, at any depth, gone or replaced by something else."""
    entry: dict[str, Any] = json.loads(json.dumps(MEMBERS[member]))
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(places(entry) or [("name",)]))
        holder: Any = entry
        for step in path[:-1]:
            holder = holder[step]
        if draw(st.booleans()) and isinstance(holder, dict):
            holder.pop(path[-1], None)
        else:
            holder[path[-1]] = draw(JUNK)
    return entry


def offered(member: str, entries: list[Any]) -> list[dict[str, Any]]:
    """On the same way as a sync's: bytes, sound JSON, valid entries."""
    remarks = Remarks()
    raw = json.dumps({"entries": entries}).encode("utf-8", "surrogatepass")
    sound = sound_entries(member, parse_leniently(raw)["entries"], remarks)
    return mended_entries(member, sound, remarks)


def page(member: str, entries: list[Any], *, is_older: bool) -> dict[str, Any]:
    more = {} if is_older else {"ttlMs": 0, "cacheScope": "private", "resultType": "complete"}
    if member == "tools" and is_older:
        entries = [shown_to_older(entry) for entry in entries]
    return {member: entries, **more}


def judge(member: str, entries: list[Any]) -> None:
    """The Python SDK, as each revision's client. Raises when it can't read them."""
    for version in OLDER:
        methods.parse_server_result(METHODS[member], version, page(member, entries, is_older=True))
    methods.parse_server_result(METHODS[member], NEWER, page(member, entries, is_older=False))


@pytest.mark.parametrize("member", METHODS)
def test_a_good_entry_stays_as_it_is(member: str) -> None:
    entry, notes = MEMBERS[member], list[str]()
    assert mended(member, entry, notes.append) == entry
    assert list(mended(member, entry, notes.append)) == list(entry)
    assert not notes
    judge(member, [entry])


@pytest.mark.parametrize("member", METHODS)
def test_every_broken_entry_becomes_one_that_clients_can_read(member: str, tmp_path: Path) -> None:
    lists: list[dict[str, Any]] = []

    @settings(max_examples=300, database=None, suppress_health_check=list(HealthCheck))
    @given(broken_entries(member))
    def broken(entry: dict[str, Any]) -> None:
        found = offered(member, [entry, MEMBERS[member]])
        assert found[-1] == MEMBERS[member], "the healthy one beside it"
        judge(member, found)
        notes: list[str] = []
        assert [canonical_bytes(mended(member, one, notes.append)) for one in found] == [*map(canonical_bytes, found)]
        assert not notes, "mended once is mended"
        lists.extend({"isOlder": older, "list": page(member, found, is_older=older)} for older in (True, False))

    broken()
    said = judged_by_typescript(lists, tmp_path)
    assert said == [f"judged {len(lists) * 3 // 2}"]


def judged_by_typescript(lists: list[dict[str, Any]], folder: Path) -> list[str]:
    file = folder / "lists.json"
    file.write_text(json.dumps(lists))
    return run(HERE / "judge_lists.mjs", str(file), home=folder).splitlines()


SCHEMA = {"type": "object"}


@pytest.mark.parametrize(
    ("given_", "becomes"),
    [
        ({"inputSchema": {}}, {"inputSchema": SCHEMA}),
        ({"inputSchema": {"properties": {"a": {}}}}, {"inputSchema": {"type": "object", "properties": {"a": {}}}}),
        ({"inputSchema": {"type": None}}, {"inputSchema": SCHEMA}),
        ({"inputSchema": {"type": ["object", "null"]}}, {"inputSchema": SCHEMA}),
        ({"inputSchema": {**SCHEMA, "properties": None}}, {"inputSchema": SCHEMA}),
        ({"inputSchema": {**SCHEMA, "properties": []}}, {"inputSchema": SCHEMA}),
        ({"inputSchema": {**SCHEMA, "required": None}}, {"inputSchema": SCHEMA}),
        ({"inputSchema": {**SCHEMA, "required": "a"}}, {"inputSchema": {**SCHEMA, "required": ["a"]}}),
        ({"inputSchema": {**SCHEMA, "required": True}}, {"inputSchema": SCHEMA}),
        ({"inputSchema": {**SCHEMA, "required": ["a", 1]}}, {"inputSchema": {**SCHEMA, "required": ["a"]}}),
        ({"inputSchema": {**SCHEMA, "$schema": None}}, {"inputSchema": SCHEMA}),
        (
            {"inputSchema": {**SCHEMA, "properties": {"a": True, "b": False, "c": None}}},
            {"inputSchema": {**SCHEMA, "properties": {"a": {}, "b": {"not": {}}, "c": {}}}},
        ),
        ({"description": None}, {}),
        ({"description": 5}, {"description": "5"}),
        ({"description": {"en": "x"}}, {}),
        ({"title": None}, {}),
        ({"annotations": None}, {}),
        ({"annotations": []}, {}),
        ({"annotations": "x"}, {}),
        ({"annotations": {"readOnlyHint": "true"}}, {"annotations": {"readOnlyHint": True}}),
        ({"annotations": {"readOnlyHint": None}}, {"annotations": {}}),
        ({"outputSchema": None}, {}),
        ({"outputSchema": []}, {}),
        ({"outputSchema": True}, {}),
        ({"outputSchema": {"properties": {}}}, {"outputSchema": {"type": "object", "properties": {}}}),
        ({"outputSchema": {"type": "array"}}, {"outputSchema": {"type": "array"}}),
        ({"icons": None}, {}),
        ({"icons": {"src": "x"}}, {"icons": [{"src": "x"}]}),
        ({"icons": [{"src": "x", "sizes": "48x48 any"}]}, {"icons": [{"src": "x", "sizes": ["48x48", "any"]}]}),
        ({"icons": [{"mimeType": "x"}]}, {"icons": []}),
        ({"_meta": None}, {}),
        ({"_meta": 5}, {}),
        ({"execution": {"taskSupport": "maybe"}}, {"execution": {}}),
        ({"future": None}, {"future": None}),
    ],
)
def test_what_is_clear_is_mended(given_: dict[str, Any], becomes: dict[str, Any]) -> None:
    offer = read_offer([{"name": "a", "inputSchema": SCHEMA, **given_}])
    assert not offer.refused
    assert offer.tools["a"].definition == {"name": "a", "inputSchema": SCHEMA, **becomes}
    judge("tools", [offer.tools["a"].definition])


@pytest.mark.parametrize(
    ("given_", "reason"),
    [
        ({"inputSchema": None}, "says nothing about its arguments"),
        ({"inputSchema": True}, "says nothing about its arguments"),
        ({"inputSchema": {"type": "array"}}, "its inputSchema is of type “array”"),
        ({"inputSchema": {**SCHEMA, "properties": "x"}}, "the properties of its inputSchema are not an object"),
        ({"inputSchema": {**SCHEMA, "properties": {"a": "string"}}}, "the property “a” of its inputSchema"),
        ({"name": 5}, "it has no name"),
        ({"name": None}, "it has no name"),
    ],
)
def test_what_is_not_clear_is_left_out_alone_with_its_reason(given_: dict[str, Any], reason: str) -> None:
    good = {"name": "good", "inputSchema": SCHEMA}
    offer = read_offer([{"name": "a", "inputSchema": SCHEMA, **given_}, good])
    assert set(offer.tools) == {"good"}
    assert len(offer.refused) == 1 and reason in offer.refused[0]


@pytest.mark.parametrize(
    ("arguments", "becomes"),
    [
        (None, {}),
        ({}, {}),
        ([], {"arguments": []}),
        (["who"], {"arguments": [{"name": "who"}]}),
        ([{"name": "who", "required": "true"}], {"arguments": [{"name": "who", "required": True}]}),
        ([{"name": "who", "required": None, "description": 1}], {"arguments": [{"name": "who", "description": "1"}]}),
        ({"who": {}}, None),
        ([{"description": "nameless"}], None),
        ("who", None),
        ([5], None),
    ],
)
def test_a_prompts_arguments(arguments: Any, becomes: dict[str, Any] | None) -> None:
    offer = read_offer([{"name": "greet", "arguments": arguments}], is_prompts=True)
    if becomes is None:
        assert len(offer.refused) == 1 and "argument" in offer.refused[0]
        return
    assert offer.tools["greet"].definition == {"name": "greet", **becomes}
    judge("prompts", [offer.tools["greet"].definition])


@pytest.mark.parametrize(
    ("given_", "becomes"),
    [
        ({}, {"name": "x:1"}),
        ({"title": "One"}, {"title": "One", "name": "One"}),
        ({"name": 5}, {"name": "5"}),
        ({"name": None, "mimeType": 5}, {"name": "x:1", "mimeType": "5"}),
        ({"name": "a", "mimeType": None, "description": []}, {"name": "a"}),
        ({"name": "a", "size": "12"}, {"name": "a", "size": 12}),
        ({"name": "a", "size": 12.0}, {"name": "a", "size": 12}),
        ({"name": "a", "size": 1.5}, {"name": "a"}),
        ({"name": "a", "size": True}, {"name": "a"}),
        (
            {"name": "a", "annotations": {"audience": "user", "priority": 7, "lastModified": "2025-01-12"}},
            {"name": "a", "annotations": {}},
        ),
        (
            {"name": "a", "annotations": {"audience": ["user", "robot"]}},
            {"name": "a", "annotations": {"audience": ["user"]}},
        ),
    ],
)
def test_a_resources_members(given_: dict[str, Any], becomes: dict[str, Any]) -> None:
    found = offered("resources", [{"uri": "x:1", **given_}, {"name": "no address"}, {"uri": 5, "name": "number"}])
    assert found == [{"uri": "x:1", **becomes}]
    judge("resources", found)


def test_an_older_client_gets_no_output_schema_that_it_cannot_read() -> None:
    newer = {"name": "a", "inputSchema": SCHEMA, "outputSchema": {"type": "array", "items": {}}}
    assert shown_to_older(newer) == {"name": "a", "inputSchema": SCHEMA}
    assert shown_to_older({**newer, "outputSchema": {"$ref": "#/$defs/x"}}) == {"name": "a", "inputSchema": SCHEMA}
    assert shown_to_older({**newer, "outputSchema": {"type": ["object"]}})["outputSchema"] == SCHEMA
    assert shown_to_older({**newer, "outputSchema": SCHEMA}) == {**newer, "outputSchema": SCHEMA}
