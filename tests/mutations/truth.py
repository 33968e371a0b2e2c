"""What a client was told of its calls, held against what the server saw and what the audit log says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import aiohttp
from mcp_types import jsonrpc_message_adapter
from mcp_types.methods import parse_server_result
from pydantic import ValidationError
from pydantic_core import from_json

AT_ONCE = 16
KNOWN = frozenset({"text", "image", "audio", "resource_link", "resource"})
NEVER_LEFT = ("was not made", "was not sent", "nothing was sent", "did not leave")


@dataclass(frozen=True)
class Called:
    """One call and its answer. `marker` is what the server knows it by."""

    marker: str
    status: int
    messages: list[Any]
    rpc_id: int

    @property
    def last(self) -> dict[str, Any]:
        return dict(self.messages[-1])

    @property
    def is_error(self) -> bool:
        return "error" in self.last or self.last["result"].get("isError") is True

    @property
    def request_id(self) -> str:
        """Under which the call is in the audit log."""
        if "error" in self.last:
            return str(self.last["error"].get("data", {}).get("requestId", ""))
        return str(self.last["result"].get("_meta", {}).get("harriet/requestId", ""))

    @property
    def told(self) -> str:
        return json.dumps(self.last)


async def call_all(
    url: str, token: str, calls: Iterable[tuple[str, str, dict[str, Any]]], version: str
) -> list[Called]:
    """Each call is a marker, a tool and its arguments; answered in this order."""
    headers = {
        "authorization": f"Bearer {token}",
        "accept": "application/json, text/event-stream",
        "mcp-protocol-version": version,
    }
    seats = asyncio.Semaphore(AT_ONCE)

    async def one(http: aiohttp.ClientSession, rpc_id: int, marker: str, tool: str, arguments: Any) -> Called:
        params = {"name": tool, "arguments": arguments, "_meta": {"progressToken": marker}}
        message = {"jsonrpc": "2.0", "id": rpc_id, "method": "tools/call", "params": params}
        async with seats, http.post(url, json=message) as answer:
            body = await answer.read()
            is_stream = answer.content_type == "text/event-stream"
            return Called(marker, answer.status, _messages(body, is_stream=is_stream), rpc_id)

    async with aiohttp.ClientSession(headers=headers) as http:
        return list(await asyncio.gather(*(one(http, number, *call) for number, call in enumerate(calls, 1))))


def _messages(body: bytes, *, is_stream: bool) -> list[Any]:
    """As the official Python client reads them: its parser takes no half of a surrogate pair, and no broken UTF-8."""
    if not is_stream:
        return [from_json(body)]
    lines = body.replace(b"\r\n", b"\n").split(b"\n")
    return [from_json(line[5:]) for line in lines if line.startswith(b"data:") and line[5:].strip()]


def faults_of(called: Called, was_seen: bool, version: str) -> list[str]:
    """What is wrong with what the client got; nothing, if all is well."""
    faults = []
    if called.status != 200:
        faults.append(f"HTTP status {called.status}")
    if called.last.get("id") != called.rpc_id:
        faults.append("the answer has another id than the request")
    faults += _unreadable(called, version)
    if was_seen and any(words in called.told for words in NEVER_LEFT):
        faults.append("the server saw it, and the client is told that it was not made")
    if not was_seen and not called.is_error:
        faults.append("the server never saw it, and the client got a result")
    return faults


def _unreadable(called: Called, version: str) -> list[str]:
    """What the official types for the revision don't take."""
    try:
        for message in called.messages:
            jsonrpc_message_adapter.validate_python(message)
        if "result" in called.last:
            parse_server_result("tools/call", version, _without_unknown_blocks(called.last["result"]))
    except ValidationError as wrong:
        first = wrong.errors()[0]
        return [f"the client can't read it: {first['msg']} at {first['loc']}"]
    return []


def _without_unknown_blocks(result: dict[str, Any]) -> dict[str, Any]:
    """Blocks of a type that no revision has yet are passed on, as they come directly: a client of its own may know."""
    blocks = [
        {"type": "text", "text": ""} if isinstance(block.get("type"), str) and block["type"] not in KNOWN else block
        for block in result["content"]
    ]
    return {**result, "content": blocks}


def faults_in_log(called: Called, was_seen: bool, intents: set[str], outcomes: dict[str, dict[str, Any]]) -> list[str]:
    """What the audit log says otherwise than it was."""
    if not called.request_id:
        return ["the answer doesn't name its request in the audit log"]
    if called.request_id not in intents:
        return ["the server saw it without an intent"] if was_seen else []
    outcome = outcomes.get(called.request_id)
    if outcome is None:
        return ["no outcome"]
    faults = []
    if (outcome["outcome"] == "ok") == called.is_error:
        got = "an error" if called.is_error else "a result"
        faults.append(f"the client got {got}, the log says {outcome['outcome']}")
    if was_seen and any(words in outcome.get("reason", "") for words in NEVER_LEFT):
        faults.append(f"the server saw it, and the log says: {outcome['reason']}")
    return faults
