"""What a server asks the client in the middle of a call: the user's input, the client's model, its roots.

A handshake-era client is asked in the stream of its own request and answers with a POST of its own, which may reach any
web process: the question's id names the process that waits.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from harriet.gateway.questions.readable import is_readable

if TYPE_CHECKING:
    from harriet.gateway.call import Call
    from harriet.gateway.processes.mailbox import Post

ANSWER_SECONDS = 600.0
"""People answer questions; ten minutes is a long time for a form, and a short one for what waits behind it."""
LARGEST_ANSWER = 4 * 2**20
KIND = "answer"

_NEEDS = {"elicitation/create": "elicitation", "sampling/createMessage": "sampling", "roots/list": "roots"}
_PASSED_ON = ("elicitation", "sampling", "roots")
_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_ELSEWHERE = msgspec.msgpack.Decoder(tuple[bytes, str, bytes]).decode
_PROCESS = re.compile(r"[0-9a-f]{16}")


def interactive(declared: Any) -> dict[str, Any]:
    """Of a client's capabilities those that let a server ask it something, as it declared them."""
    if not isinstance(declared, dict):
        return {}
    return {name: declared[name] for name in _PASSED_ON if isinstance(declared.get(name), dict)}


class _Mode(msgspec.Struct):
    mode: Any = ""


_MODE = msgspec.json.Decoder(_Mode).decode


def may_be_asked(capabilities: Mapping[str, Any], method: str, params: bytes | msgspec.Raw) -> bool:
    """Whether the client said that it can answer this. `elicitation: {}` means forms (SPEC client/elicitation)."""
    name = _NEEDS.get(method)
    if name is None or name not in capabilities:
        return False
    if name != "elicitation":
        return True
    modes = capabilities[name]
    try:
        if _MODE(params).mode == "url":
            return "url" in modes
    except msgspec.MsgspecError:  # no object, or a mode that is none: whoever is asked will say so
        return False
    return not modes or "form" in modes


def refusal(message: str, code: int = -32601) -> bytes:
    """An answer that is no: the `error` member of a JSON-RPC response."""
    return b'"error":' + msgspec.json.encode({"code": code, "message": message})


CANNOT = refusal("The client behind this call did not say that it can answer this.")
UNREADABLE = refusal("The question is not as the protocol has it, so nobody was asked.", -32602)
UNSEEN_ANSWER = refusal("This call runs as a person approved it, so nobody can be asked anything more.")
TOO_LATE = refusal("Nobody answered in time.", -32603)


class Asker(Protocol):
    """The way to the client's side. `ask` gives a raw `"result":…` or `"error":…` member of a JSON-RPC response."""

    capabilities: Mapping[str, Any]
    is_inline: bool
    """Asks while the request is open; otherwise questions are the request's result (2026-07-28)."""
    why_not: str
    """Why a question that it doesn't take can't be answered, after "…, which"; and what to do."""

    async def ask(self, method: str, params: bytes) -> bytes: ...


NOT_DECLARED = (
    "your client did not say it can answer. Use a client that supports it, or give everything in the arguments."
)


class NoAsker:
    """For clients that said nothing, and for calls that nobody listens to."""

    capabilities: Mapping[str, Any] = {}
    is_inline = True
    why_not = NOT_DECLARED

    async def ask(self, method: str, params: bytes) -> bytes:
        return CANNOT


class Unseen(NoAsker):
    """For calls that run as they were approved: an answer would leave that nobody has seen."""

    why_not = "can't be answered in a call that runs as it was approved. Give everything in the arguments."

    async def ask(self, method: str, params: bytes) -> bytes:
        return UNSEEN_ANSWER


NOBODY = NoAsker()
UNSEEN = Unseen()


@dataclass(slots=True)
class _Open:
    session_id: bytes
    answer: asyncio.Future[bytes]


class Questions:
    """The questions that clients of the handshake era have open, in this process."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self._open: dict[str, _Open] = {}
        post.on(KIND, self._from_elsewhere)

    def open(self, session_id: bytes) -> tuple[str, asyncio.Future[bytes]]:
        name = f"harriet.{self._post.process}.{secrets.token_urlsafe(12)}"
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._open[name] = _Open(session_id, answer)
        return name, answer

    def close(self, name: str) -> None:
        self._open.pop(name, None)

    async def answered(self, session_id: bytes, name: str | int, body: bytes) -> None:
        """A client's response. What answers no question of this session's is dropped, as JSON-RPC says."""
        member = _read(body)
        if not isinstance(name, str) or not member:
            return
        if name in self._open:
            self._settle(session_id, name, member)
            return
        parts = name.split(".")
        if len(parts) == 3 and parts[0] == "harriet" and _PROCESS.fullmatch(parts[1]):
            await self._post.send(parts[1], KIND, msgspec.msgpack.encode((session_id, name, member)))

    async def _from_elsewhere(self, body: bytes) -> None:
        self._settle(*_ELSEWHERE(body))

    def _settle(self, session_id: bytes, name: str, member: bytes) -> None:
        question = self._open.get(name)
        if question is not None and question.session_id == session_id and not question.answer.done():
            question.answer.set_result(member)


def _read(body: bytes) -> bytes:
    """The member that answers; empty when it is too large."""
    members = _MEMBERS(body)
    name = "result" if "result" in members else "error"
    answer = bytes(members[name])
    return b'"' + name.encode() + b'":' + answer if len(answer) <= LARGEST_ANSWER else b""


class StreamAsker:
    """Asks a client of the handshake era in the stream of the request that is being answered."""

    is_inline = True
    why_not = NOT_DECLARED

    def __init__(self, call: Call, session_id: bytes, capabilities: Mapping[str, Any], questions: Questions) -> None:
        self._call, self._session_id = call, session_id
        self._questions = questions
        self.capabilities = capabilities

    async def ask(self, method: str, params: bytes) -> bytes:
        if not may_be_asked(self.capabilities, method, params):
            return CANNOT
        if not is_readable(method, msgspec.Raw(params)):
            return UNREADABLE
        name, answer = self._questions.open(self._session_id)
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
