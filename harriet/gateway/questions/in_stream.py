"""A handshake-era client is asked in the stream of its own request and answers with a POST of its own, which may reach
any web process: the question's id names the process that waits."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from harriet.gateway.processes.mailbox import Mailbox
from harriet.gateway.questions.readable import is_readable
from harriet.gateway.questions.rules import ANSWER_SECONDS, LARGEST_ANSWER, may_be_asked
from harriet.gateway.steps.asker import CANNOT, NOT_DECLARED, TOO_LATE, UNREADABLE
from harriet.gateway.steps.request import Call
from harriet.lib.mcp.notifications import CANCELLED

KIND = "answer"
"""What the processes call an answer among each other."""
_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_ELSEWHERE = msgspec.msgpack.Decoder(tuple[bytes, str, bytes]).decode
"""The session's id, the question's id, and the member that answers."""
_PROCESS = re.compile(r"[0-9a-f]{16}")


@dataclass(slots=True)
class _Open:
    session_id: bytes
    answer: asyncio.Future[bytes]


class OpenQuestions:
    """The questions that clients of the handshake era have open, in this process."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox
        self._open: dict[str, _Open] = {}
        mailbox.on(KIND, self._from_elsewhere)

    def open(self, session_id: bytes) -> tuple[str, asyncio.Future[bytes]]:
        """The id under which the question goes out, and what will be the member of its response."""
        name = f"harriet.{self._mailbox.process}.{secrets.token_urlsafe(12)}"
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
            await self._mailbox.send(parts[1], KIND, msgspec.msgpack.encode((session_id, name, member)))

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

    def __init__(
        self, call: Call, session_id: bytes, capabilities: Mapping[str, Any], questions: OpenQuestions
    ) -> None:
        self._call, self._session_id = call, session_id
        self._questions = questions
        self.capabilities = capabilities

    async def ask(self, method: str, params: bytes) -> bytes:
        """The member of the client's response, `"result":…` or `"error":…`."""
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
    return msgspec.json.encode({"jsonrpc": "2.0", "method": CANCELLED, "params": params})
