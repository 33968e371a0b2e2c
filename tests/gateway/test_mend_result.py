"""Results of a real server, changed in every way: what is passed on is always read by both official clients."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from copy import deepcopy
from pathlib import Path
from typing import Any

import mcp_types
import msgspec
import pytest
from pydantic import BaseModel

from harriet.gateway.content.results import MENDS
from harriet.gateway.content.revisions import fit
from harriet.gateway.protocol.result_meta import with_meta
from harriet.lib.mcp.versions import LEGACY_VERSIONS

ROOT = Path(__file__).resolve().parents[2]
CONTENTS = {"uri": "file:///a", "mimeType": "text/plain", "text": "hello", "_meta": {"x": 1}}
RECORDED: dict[str, dict[str, Any]] = {
    "tools/call": {
        "content": [
            {
                "type": "text",
                "text": "hello",
                "annotations": {"lastModified": "2026-01-02T03:04:05Z", "priority": 1},
            },
            {"type": "image", "data": "AAAA", "mimeType": "image/png"},
            {"type": "audio", "data": "AAAA", "mimeType": "audio/wav"},
            {"type": "resource_link", "uri": "file:///a", "name": "a", "title": "A", "description": "d", "size": 5},
            {"type": "resource_link", "uri": "file:///a", "name": "a", "icons": [{"src": "a:b", "theme": "dark"}]},
            {"type": "resource", "resource": CONTENTS},
            {"type": "resource", "resource": {"uri": "file:///b", "blob": "AAAA"}},
        ],
        "structuredContent": {"v": [1, {"w": None}]},
        "isError": False,
        "_meta": {"x": 1, "progressToken": 1, "io.modelcontextprotocol/related-task": {"taskId": "1"}},
    },
    "prompts/get": {
        "description": "d",
        "messages": [
            {"role": "user", "content": {"type": "text", "text": "hello"}},
            {"role": "assistant", "content": {"type": "resource", "resource": CONTENTS}},
        ],
    },
    "resources/read": {"contents": [CONTENTS, {"uri": "file:///b", "blob": "AAAA"}]},
    "completion/complete": {"completion": {"values": ["a", "b"], "total": 2, "hasMore": False}},
}
READERS: dict[str, type[BaseModel]] = {
    "tools/call": mcp_types.CallToolResult,
    "prompts/get": mcp_types.GetPromptResult,
    "resources/read": mcp_types.ReadResourceResult,
    "completion/complete": mcp_types.CompleteResult,
}
ODD: list[Any] = [None, True, 0, -1.5, 10**25, "", "text", "\0é=", [], [None], {}, {"type": 5}, ["a", 1]]
ODD += [{"text": None}, {"type": "x"}]
FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every container in it, with each of its keys."""
    keys = list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    return [(value, key) for key in keys] + [place for key in keys for place in places(value[key])]


def passed_on(method: str, result: Any, revision: str) -> bytes:
    fields = FIELDS(json.dumps(result).encode())
    MENDS[method](fields, "file:///asked")
    return with_meta(fit(fields, method, revision), {"harriet/requestId": "x"})


def changed(chance: random.Random, method: str) -> Any:
    """The recorded result with one to four changes."""
    result = deepcopy(RECORDED[method])
    for _ in range(chance.randint(1, 4)):
        found = places(result)
        if not found:
            break
        holder, key = chance.choice(found)
        how = chance.choice(["replace", "delete", "rename"])
        old = holder.pop(key)
        if how == "replace" or (how == "rename" and isinstance(holder, list)):
            value = deepcopy(chance.choice(ODD))
            holder.insert(key, value) if isinstance(holder, list) else holder.update({key: value})
        elif how == "rename":
            holder[chance.choice(["type", "text", "content", "uri", "other", "resource"])] = old
    return result


def has_unknown_blocks(method: str, body: bytes) -> bool:
    """Of a type that nobody knows yet: passed on for clients to come, as directly."""
    known = {"text", "image", "audio", "resource_link", "resource"}
    found = json.loads(body)
    blocks = (
        found.get("content", []) if method == "tools/call" else [one["content"] for one in found.get("messages", [])]
    )
    return any(block.get("type") not in known for block in blocks)


@pytest.mark.parametrize("method", RECORDED)
def test_the_python_client_reads_whatever_is_passed_on(method: str) -> None:
    chance = random.Random(method)  # the same changes each time
    for number in range(5_000):
        result = changed(chance, method)
        body = passed_on(method, result, LEGACY_VERSIONS[number % len(LEGACY_VERSIONS)])
        if not has_unknown_blocks(method, body):
            READERS[method].model_validate_json(body)


@pytest.mark.parametrize("method", RECORDED)
def test_what_is_well_formed_is_not_touched(method: str) -> None:
    fields = FIELDS(json.dumps(RECORDED[method]).encode())
    before = dict(fields)
    assert MENDS[method](fields, "file:///asked") is False
    assert fields == before
    assert all(fields[name] is before[name] for name in fields)


def every_single_change(method: str) -> list[Any]:
    """Each place with each odd value, and without any."""
    found = []
    for number in range(len(places(RECORDED[method]))):
        for value in (..., *ODD):
            result = json.loads(json.dumps(RECORDED[method]))
            holder, key = places(result)[number]
            if value is ...:
                del holder[key]
            else:
                holder[key] = deepcopy(value)
            found.append(result)
    return found


def test_the_typescript_client_reads_whatever_is_passed_on(tmp_path: Path) -> None:
    schemas = {"tools/call": "CallToolResult", "prompts/get": "GetPromptResult"}
    schemas |= {"resources/read": "ReadResourceResult", "completion/complete": "CompleteResult"}
    bodies = [
        (f"{schemas[method]}Schema", body.decode())
        for method in RECORDED
        for result in every_single_change(method)
        if not has_unknown_blocks(method, body := passed_on(method, result, "2025-11-25"))
    ]
    assert len(bodies) > 800
    script = tmp_path / "read.mjs"
    types = ROOT / "node_modules/@modelcontextprotocol/sdk/dist/esm/types.js"
    script.write_text(
        f"import * as types from {json.dumps(types.as_uri())};"
        "let input = ''; for await (const part of process.stdin) input += part;"
        "const wrong = JSON.parse(input).filter(([s, body]) => !types[s].safeParse(JSON.parse(body)).success);"
        "console.log(JSON.stringify(wrong))"
    )
    node = shutil.which("node")
    assert node
    done = subprocess.run(
        [node, str(script)], input=json.dumps(bodies), capture_output=True, text=True, check=True, timeout=120
    )
    assert json.loads(done.stdout) == []


@pytest.mark.parametrize(
    ("method", "result", "expected"),
    [
        ("resources/read", {"contents": {"text": "a"}}, {"contents": [{"text": "a", "uri": "file:///asked"}]}),
        ("resources/read", {"contents": ["a"]}, {"contents": [{"uri": "file:///asked", "text": "a"}]}),
        ("resources/read", {}, {"contents": []}),
        (
            "prompts/get",
            {"messages": "go"},
            {"messages": [{"role": "user", "content": {"type": "text", "text": "go"}}]},
        ),
        (
            "prompts/get",
            {"messages": [{"role": "system", "content": [{"type": "text", "text": "a"}, "b"]}]},
            {"messages": [{"role": "user", "content": {"type": "text", "text": text}} for text in "ab"]},
        ),
        (
            "resources/read",
            {"contents": [{"uri": "a:b", "blob": "no bytes!"}, {"uri": "a:c", "blob": "data:;base64,AA"}]},
            {"contents": [{"uri": "a:b", "text": "no bytes!"}, {"uri": "a:c", "blob": "AA=="}]},
        ),
        (
            "tools/call",
            {
                "content": [
                    {"type": "image", "data": "data:image/png;base64,AA-_", "mimeType": "image/png"},
                    {"type": "text", "text": "a", "annotations": {"lastModified": "yesterday"}},
                    {"type": "audio", "data": "la la!", "mimeType": "audio/wav"},
                ]
            },
            {
                "content": [
                    {"type": "image", "data": "AA+/", "mimeType": "image/png"},
                    {"type": "text", "text": "a"},
                    {"type": "text", "text": '{"type": "audio", "data": "la la!", "mimeType": "audio/wav"}'},
                ]
            },
        ),
        ("completion/complete", {"completion": None}, {"completion": {"values": []}}),
        (
            "completion/complete",
            {"completion": {"values": [str(number) for number in range(120)], "total": "120"}},
            {"completion": {"values": [str(number) for number in range(100)], "hasMore": True}},
        ),
    ],
)
def test_what_is_clear_is_put_right(method: str, result: Any, expected: Any) -> None:
    found = json.loads(passed_on(method, result, "2025-11-25"))
    del found["_meta"]
    assert found == expected
