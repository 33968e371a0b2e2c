"""The `_meta` of a result: the server's, with our own members added."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from harriet.gateway.content.blocks import members_of
from harriet.gateway.content.results import MOST_SAFE, Fields
from harriet.gateway.protocol.messages import REQUEST_ID
from harriet.gateway.steps.request import Call
from harriet.lib.mcp.meta import RELATED_TASK_KEY

_Safe = Annotated[int, msgspec.Meta(ge=-MOST_SAFE, le=MOST_SAFE)]


class _Task(msgspec.Struct):
    taskId: str  # the protocol's name


class _Meta(msgspec.Struct):
    token: str | _Safe | msgspec.UnsetType = msgspec.field(default=msgspec.UNSET, name="progressToken")
    task: _Task | msgspec.UnsetType = msgspec.field(default=msgspec.UNSET, name=RELATED_TASK_KEY)


_RESERVED = frozenset({"progressToken", RELATED_TASK_KEY})
_RESERVED_META = msgspec.json.Decoder(_Meta).decode


def with_meta(fields: Fields, more: dict[str, Any]) -> bytes:
    """The result with our own members added to its `_meta`; everything else keeps its bytes."""
    known = fields.get("_meta")
    return msgspec.json.encode({**fields, "_meta": more if known is None else {**_sound_meta(known), **more}})


def _sound_meta(known: msgspec.Raw) -> dict[str, Any]:
    """Without what means something else in a `_meta` of its form: the TypeScript SDKs lose the result over it."""
    try:
        _RESERVED_META(known)
        return members_of(known) or {}
    except msgspec.MsgspecError:
        return {key: value for key, value in (members_of(known) or {}).items() if key not in _RESERVED}


def call_meta(call: Call) -> dict[str, Any]:
    """With it client and audit log speak of the same call."""
    return {REQUEST_ID: call.request_id}
