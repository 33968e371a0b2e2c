"""What a client was told of its calls, held against what the server saw and what the audit log says."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import aiohttp
import msgspec
from mcp_types import jsonrpc_message_adapter
from mcp_types.methods import parse_server_notification, parse_server_result
from pydantic import ValidationError
from pydantic_core import from_json

from tests.stage.clients import META, MODERN

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
    method: str = "tools/call"
    digest: str = ""
    """Of the arguments, as the intent has it."""

    @property
    def last(self) -> dict[str, Any]:
        return dict(self.messages[-1])

    @property
    def is_error(self) -> bool:
        return "error" in self.last or (self.last["result"].get("isError") is True and not self.is_question)

    @property
    def is_question(self) -> bool:
        return self.last.get("result", {}).get("resultType") == "input_required"

    @property
    def request_id(self) -> str:
        """Under which the call is in the audit log."""
        if "error" in self.last:
            data = self.last["error"].get("data")
            return str(data.get("requestId", "")) if isinstance(data, dict) else ""
        return str(self.last["result"].get("_meta", {}).get("harriet/requestId", ""))

    @property
    def told(self) -> str:
        return json.dumps(self.last)


async def call_all(
    url: str, token: str, calls: Iterable[tuple[str, str, dict[str, Any]]], version: str
) -> list[Called]:
    """Each call is a marker, a method and its params; answered in this order."""
    headers = {
        "authorization": f"Bearer {token}",
        "accept": "application/json, text/event-stream",
        "mcp-protocol-version": version,
    }
    seats = asyncio.Semaphore(AT_ONCE)

    async def one(http: aiohttp.ClientSession, rpc_id: int, marker: str, method: str, params: Any) -> Called:
        meta = {"progressToken": marker, **(META if version == MODERN else {})}
        message = {"jsonrpc": "2.0", "id": rpc_id, "method": method, "params": {**params, "_meta": meta}}
        routing = {"mcp-method": method, "mcp-name": params.get("name", params.get("uri", ""))}
        async with seats, http.post(url, json=message, headers=routing) as answer:
            body = await answer.read()
            is_stream = answer.content_type == "text/event-stream"
            messages = _messages(body, is_stream=is_stream)
            return Called(marker, answer.status, messages, rpc_id, method, _digest_of(method, params))

    async with aiohttp.ClientSession(headers=headers) as http:
        return list(await asyncio.gather(*(one(http, number, *call) for number, call in enumerate(calls, 1))))


def _digest_of(method: str, params: dict[str, Any]) -> str:
    """Harriet sends a client's bytes on, but says itself which resource or prompt is meant."""
    raw = json.dumps(params.get("arguments", {})).encode()
    if method == "resources/read":
        raw = msgspec.json.encode({"uri": _unprefixed(params["uri"])})
    elif method == "completion/complete":
        ref = {**params["ref"], "name": _unprefixed(params["ref"]["name"])}
        raw = msgspec.json.encode({"ref": ref, "argument": params["argument"]})
    return hashlib.sha256(raw).hexdigest()


def _unprefixed(shown: str) -> str:
    return re.sub("^(old|new|both)[+_]", "", shown)


def _messages(body: bytes, *, is_stream: bool) -> list[Any]:
    """As the official Python client reads them: its parser takes no half of a surrogate pair, and no broken UTF-8."""
    if not is_stream:
        return [from_json(body)]
    lines = body.replace(b"\r\n", b"\n").split(b"\n")
    return [from_json(line[5:]) for line in lines if line.startswith(b"data:") and line[5:].strip()]


def faults_of(called: Called, was_seen: bool, version: str) -> list[str]:
    """What is wrong with what the client got; nothing, if all is well."""
    faults = []
    if called.status != 200 and not (called.status == 400 and version == MODERN and "error" in called.last):
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
            if "method" in message:
                parse_server_notification(message["method"], version, message.get("params"))
        if "result" in called.last:
            parse_server_result(called.method, version, without_unknown_blocks(called.last["result"]))
    except ValidationError as wrong:
        first = wrong.errors()[0]
        return [f"the client can't read it: {first['msg']} at {first['loc']}"]
    except KeyError as unknown:
        return [f"the client's revision has no {unknown}"]
    return []


def without_unknown_blocks(result: dict[str, Any]) -> dict[str, Any]:
    """Blocks of a type that no revision has yet are passed on, as they come directly: a client of its own may know."""
    blocks = [_known(block) for block in result.get("content", [])]
    messages = [{**one, "content": _known(one["content"])} for one in result.get("messages", [])]
    return {**result, **({"content": blocks} if blocks else {}), **({"messages": messages} if messages else {})}


def _known(block: Any) -> Any:
    is_new = isinstance(block.get("type"), str) and block["type"] not in KNOWN
    return {"type": "text", "text": ""} if is_new else block


def faults_in_log(
    called: Called, was_seen: bool, intents: dict[str, str], outcomes: dict[str, dict[str, Any]]
) -> list[str]:
    """What the audit log says otherwise than it was. `intents`: by the digest of the arguments, the request."""
    request = intents.get(called.digest)
    if request is None:
        return ["the server saw it without an intent"] if was_seen else []
    if called.request_id not in ("", request) or ("result" in called.last and not called.request_id):
        return [f"the client is told of the request {called.request_id or 'no id'}, the log has {request}"]
    outcome = outcomes.get(request)
    if outcome is None:
        return ["no outcome"]
    faults = []
    if (outcome["outcome"] == "ok") == called.is_error:
        got = "an error" if called.is_error else "a result"
        faults.append(f"the client got {got}, the log says {outcome['outcome']}")
    if was_seen and any(words in outcome.get("reason", "") for words in NEVER_LEFT):
        faults.append(f"the server saw it, and the log says: {outcome['reason']}")
    return faults
