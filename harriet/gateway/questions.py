"""What a server asks the client in the middle of a call: the user's input, the client's model, its roots.

A handshake-era client is asked in the stream of its own request and answers with a POST of its own, which may reach any
web process: the question's id names the process that waits.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

import msgspec

if TYPE_CHECKING:
    from .call import Call
    from .post import Post

ANSWER_SECONDS = 600.0
"""People answer questions; ten minutes is a long time for a form, and a short one for what waits behind it."""
LARGEST_ANSWER = 4 * 2**20
KIND = "answer"

_NEEDS = {"elicitation/create": "elicitation", "sampling/createMessage": "sampling", "roots/list": "roots"}
_PASSED_ON = ("elicitation", "sampling", "roots")
_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def interactive(declared: Any) -> dict[str, Any]:
    """Of a client's capabilities those that let a server ask it something, as it declared them."""
    if not isinstance(declared, dict):
        return {}
    return {name: declared[name] for name in _PASSED_ON if isinstance(declared.get(name), dict)}


def may_be_asked(capabilities: Mapping[str, Any], method: str, params: Any) -> bool:
    """Whether the client said that it can answer this. `elicitation: {}` means forms (SPEC client/elicitation)."""
    name = _NEEDS.get(method)
    if name is None or name not in capabilities:
        return False
    if name != "elicitation":
        return True
    modes = capabilities[name]
    if isinstance(params, dict) and params.get("mode") == "url":
        return "url" in modes
    return not modes or "form" in modes


def refusal(message: str, code: int = -32601) -> bytes:
    """An answer that is no: the `error` member of a JSON-RPC response."""
    return b'"error":' + msgspec.json.encode({"code": code, "message": message})


CANNOT = refusal("The client behind this call did not say that it can answer this.")
TOO_LATE = refusal("Nobody answered in time.", -32603)


class Asker(Protocol):
    """The way to the client's side. `ask` gives a raw `"result":…` or `"error":…` member of a JSON-RPC response."""

    capabilities: Mapping[str, Any]
    is_inline: bool
    """Asks while the request is open; otherwise questions are the request's result (2026-07-28)."""

    async def ask(self, method: str, params: bytes) -> bytes: ...


class NoAsker:
    """For clients that said nothing, and for calls that nobody listens to."""

    capabilities: Mapping[str, Any] = {}
    is_inline = True

    async def ask(self, method: str, params: bytes) -> bytes:
        return CANNOT


NOBODY = NoAsker()


@dataclass(slots=True)
class _Open:
    token_id: UUID
    answer: asyncio.Future[bytes]


class Questions:
    """The questions that clients of the handshake era have open, in this process."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self._open: dict[str, _Open] = {}
        post.on(KIND, self._from_elsewhere)

    def open(self, token_id: UUID) -> tuple[str, asyncio.Future[bytes]]:
        name = f"harriet.{self._post.process}.{secrets.token_urlsafe(12)}"
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._open[name] = _Open(token_id, answer)
        return name, answer

    def close(self, name: str) -> None:
        self._open.pop(name, None)

    async def answered(self, token_id: UUID, rpc_id: bytes, body: bytes) -> None:
        """A client's response. What answers no question of this token's is dropped, as JSON-RPC says."""
        name, member = _read(rpc_id, body)
        if not member:
            return
        if name in self._open:
            self._settle(token_id, name, member)
            return
        parts = name.split(".")
        if len(parts) == 3 and parts[0] == "harriet" and parts[1] != self._post.process:
            await self._post.send(parts[1], KIND, token_id.bytes + name.encode() + b"\0" + member)

    async def _from_elsewhere(self, body: bytes) -> None:
        name, _, member = body[16:].partition(b"\0")
        self._settle(UUID(bytes=body[:16]), name.decode(), member)

    def _settle(self, token_id: UUID, name: str, member: bytes) -> None:
        question = self._open.get(name)
        if question is not None and question.token_id == token_id and not question.answer.done():
            question.answer.set_result(member)


def _read(rpc_id: bytes, body: bytes) -> tuple[str, bytes]:
    """The id, when it is text, and the member that answers; empty when there is none."""
    members = _MEMBERS(body)
    name = msgspec.json.decode(rpc_id)
    found = [(key, members[key]) for key in ("result", "error") if key in members]
    if not isinstance(name, str) or len(found) != 1 or len(found[0][1]) > LARGEST_ANSWER:
        return "", b""
    return name, b'"' + found[0][0].encode() + b'":' + bytes(found[0][1])


class StreamAsker:
    """Asks a client of the handshake era in the stream of the request that is being answered."""

    is_inline = True

    def __init__(self, call: Call, capabilities: Mapping[str, Any], questions: Questions) -> None:
        self._call = call
        self._questions = questions
        self.capabilities = capabilities

    async def ask(self, method: str, params: bytes) -> bytes:
        if not may_be_asked(self.capabilities, method, msgspec.json.decode(params)):
            return CANNOT
        name, answer = self._questions.open(self._call.principal.token_id)
        stream = self._call.stream
        try:
            await stream.notify(_request(name, method, params))
            async with asyncio.timeout(ANSWER_SECONDS):
                return await answer
        except TimeoutError:
            await stream.notify(_taken_back(name))
            return TOO_LATE
        except asyncio.CancelledError:
            await asyncio.shield(stream.notify(_taken_back(name)))
            raise
        finally:
            self._questions.close(name)


def _request(name: str, method: str, params: bytes) -> bytes:
    return b'{"jsonrpc":"2.0","id":%b,"method":%b,"params":%b}' % (
        msgspec.json.encode(name),
        msgspec.json.encode(method),
        params,
    )


def _taken_back(name: str) -> bytes:
    params = {"requestId": name, "reason": "The call no longer needs the answer."}
    return msgspec.json.encode({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params})
