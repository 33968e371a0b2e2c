"""What a server says while a call runs: progress, log messages, questions, news of its lists."""

from __future__ import annotations

import logging
import math
from functools import lru_cache
from typing import Any

import msgspec

from connectors.access.facts import ConnectorRow
from harriet.gateway.content.blocks import Members, members_of
from harriet.gateway.steps.request import Call
from harriet.gateway.steps.upstream import OnListChange, Source
from harriet.lib.json.legible import made_legible
from harriet.lib.mcp.log_levels import is_wanted
from harriet.lib.mcp.meta import LOG_LEVEL_KEY
from harriet.lib.mcp.notifications import (
    ELICITATION_COMPLETE,
    LOG_MESSAGE,
    PROGRESS,
    PROMPTS_LIST_CHANGED,
    RESOURCES_LIST_CHANGED,
    RESOURCES_UPDATED,
    TOOLS_LIST_CHANGED,
)
from harriet.lib.pace import Pace
from harriet.lib.redaction.redactor import Redactor

log = logging.getLogger(__name__)

_RESERVED = frozenset({"modelcontextprotocol", "mcp"})
BURST, PER_SECOND = 200, 20.0
"""Messages: how fast changes are heard in the stream of a call; beyond, the server is read more slowly."""
CHANGES = frozenset(
    {
        TOOLS_LIST_CHANGED,
        PROMPTS_LIST_CHANGED,
        RESOURCES_LIST_CHANGED,
        RESOURCES_UPDATED,
    }
)
_LONGEST_RETRY = 3600.0
"""Seconds."""
_decode_text = msgspec.json.Decoder(str).decode


class Notification(msgspec.Struct):
    """What a server says in the middle of a request."""

    method: str = ""
    params: msgspec.Raw = msgspec.Raw(b"{}")


_decode_notification = msgspec.json.Decoder(Notification).decode


class ServerMessages:
    """Passes a running call's notifications back: with the client's own progress token, and without secrets.

    The server gets a token of ours, because two clients may choose the same one and share an upstream session.
    """

    def __init__(
        self, call: Call, connector: ConnectorRow, era: str, redactor: Redactor | None, on_list_change: OnListChange
    ) -> None:
        """`era`: in which the server is asked. `on_list_change` is told what it says of its lists."""
        self._call = call
        self._connector, self._era = connector, era
        self._on_list_change = on_list_change
        self._changes: Pace | None = None
        self._logs = "logging" in connector.capabilities and call.log_level != ""
        self._redactor = redactor
        self._token = ""
        self._last = -math.inf

    def meta(self) -> dict[str, Any] | None:
        """The client's `_meta` without what speaks for the connection or for Harriet."""
        known = self._call.meta
        if not known and not self._logs:
            return None
        meta = {key: value for key, value in known.items() if is_passed_on(key)}
        if "progressToken" in meta:
            meta["progressToken"] = self._token = self._call.request_id.hex
        if self._logs:
            meta[LOG_LEVEL_KEY] = self._call.log_level
        return meta or None

    async def pass_on(self, raw: bytes) -> None:
        """What is in a message stays as it was written: numbers that no computer counts with are text to us. One bad
        string costs itself; what makes no sense at all is dropped, and the call goes on."""
        raw = _legible(raw)
        if self._redactor is not None:
            raw, _ = self._redactor.in_json(raw)
        try:
            message = _decode_notification(raw)
        except msgspec.MsgspecError:
            log.info("A message in the middle of the request %s was no notification.", self._call.request_id)
            return
        method = message.method
        if method == PROGRESS:
            await self._progress(members_of(message.params) or {})
        elif method in CHANGES:
            await self._changed(raw)
        elif method == LOG_MESSAGE:
            await self._logged(members_of(message.params) or {})
        elif method == ELICITATION_COMPLETE and self._may_be_sent_elsewhere():
            await self._answered(members_of(message.params) or {})

    async def _changed(self, raw: bytes) -> None:
        """As if it had come on the stream on which the server says what belongs to no request: many have none."""
        if self._changes is None:
            self._changes = Pace(BURST, PER_SECOND)
        await self._changes.keep()
        await self._on_list_change(self._call.snapshot.facts.slug, Source(self._connector.id, self._era), raw)

    async def _logged(self, params: Members) -> None:
        """The level decides whether the client wants it; without its data it says nothing."""
        if not is_wanted(_text_in(params, "level"), self._call.log_level) or "data" not in params:
            return
        if "logger" in params and not bytes(params["logger"]).startswith(b'"'):
            del params["logger"]
        await self._notify(LOG_MESSAGE, params)

    async def _answered(self, params: Members) -> None:
        """Somebody answered at the address to which the server sent them."""
        if bytes(params.get("elicitationId", b"")).startswith(b'"'):
            await self._notify(ELICITATION_COMPLETE, params)

    def _may_be_sent_elsewhere(self) -> bool:
        """Only clients of the era with sessions, of its last revision, can be sent to an address and hear of it."""
        modes = self._call.asker.capabilities.get("elicitation")
        return self._call.speaks_sessions and isinstance(modes, dict) and "url" in modes

    async def _notify(self, method: str, params: Members) -> None:
        """In an envelope of ours: one that is no JSON-RPC costs some clients the stream."""
        if "_meta" in params and members_of(params["_meta"]) is None:
            del params["_meta"]
        await self._call.stream.notify(_message(method, params))

    async def primed(self, retry: float | None) -> None:
        await self._call.stream.prime(None if retry is None else int(min(retry, _LONGEST_RETRY) * 1000))

    async def broke_off(self) -> None:
        await self._call.stream.hang_up()

    async def ask(self, method: str, params: bytes) -> bytes:
        """What the server asks the client's side, and the answer."""
        if self._redactor is not None:
            params, _ = self._redactor.in_json(params)
        return await self._call.asker.ask(method, params)

    async def _progress(self, params: Members) -> None:
        progress = _number_in(params, "progress")
        if not self._token or _text_in(params, "progressToken") != self._token or not progress > self._last:
            return
        self._last = progress
        params["progressToken"] = msgspec.Raw(msgspec.json.encode(self._call.meta["progressToken"]))
        if math.isnan(_number_in(params, "total")):
            params.pop("total", None)
        if not bytes(params.get("message", b"")).startswith(b'"'):
            params.pop("message", None)
        await self._notify(PROGRESS, params)


@lru_cache(1024)
def is_passed_on(key: str) -> bool:
    """Whether a key of a client's `_meta` is the client's own. What the protocol reserves (SPEC basic, `_meta`: by the
    second label of its prefix) speaks for the connection, which is ours; Harriet's own keys nobody else writes."""
    prefix, slash, _ = key.lower().partition("/")
    labels = prefix.split(".") if slash else []
    return not (labels and (labels[0] == "harriet" or _RESERVED.intersection(labels[:2])))


def progress_message(params: dict[str, Any]) -> bytes:
    """The bytes of notifications/progress."""
    return _message(PROGRESS, params)


def _message(method: str, params: dict[str, Any]) -> bytes:
    return msgspec.json.encode({"jsonrpc": "2.0", "method": method, "params": params})


def _legible(raw: bytes) -> bytes:
    try:
        if not raw.isascii():
            raw.decode()
        _decode_notification(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return made_legible(raw)[0]
    return raw


def _text_in(fields: Members, name: str) -> str:
    try:
        return _decode_text(fields.get(name, b'""'))
    except msgspec.MsgspecError:
        return ""


def _number_in(fields: Members, name: str) -> float:
    """Infinite beyond what a float holds; no number, when it is none."""
    try:
        return float(bytes(fields.get(name, b"")))
    except ValueError:
        return math.nan
