"""Whether clients can read what a server asks. In 2026-07-28 a question is part of a result: one that official clients
can't read costs them the whole result, and they never learn what was wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

import msgspec

from harriet.gateway.content.blocks import Members, Sampled
from harriet.lib.mcp.methods import ELICITATION_CREATE, ROOTS_LIST, SAMPLING_CREATE_MESSAGE

_Safe = Annotated[float, msgspec.Meta(gt=-(2**53), lt=2**53, multiple_of=1)]
"""A whole number, however it is written."""


class _Params(msgspec.Struct, kw_only=True):
    meta: Members | None = msgspec.field(default=None, name="_meta")


class _Schema(msgspec.Struct):
    type: Literal["object"]
    properties: dict[str, Members]
    required: list[str] | None = None
    dialect: str | None = msgspec.field(default=None, name="$schema")


class _Form(_Params):
    message: str
    requestedSchema: _Schema  # the protocol's name
    mode: Literal["form"] = "form"


class _Address(_Params):
    message: str
    url: str
    mode: Literal["url"]


class _SamplingMessage(msgspec.Struct):
    role: Literal["user", "assistant"]
    content: Sampled | list[Sampled]
    meta: Members | None = msgspec.field(default=None, name="_meta")

    def __post_init__(self) -> None:
        blocks = self.content if isinstance(self.content, list) else [self.content]
        if not all(block.is_fine() for block in blocks):
            raise ValueError("a block that is none")


class _Sampling(_Params):
    messages: list[_SamplingMessage]
    maxTokens: _Safe  # these are the protocol's names
    systemPrompt: str | None = None
    temperature: float | None = None
    stopSequences: list[str] | None = None
    includeContext: Literal["none", "thisServer", "allServers"] | None = None
    modelPreferences: Members | None = None
    metadata: Members | None = None
    toolChoice: Members | None = None
    tools: list[Members] | None = None


class _Mode(msgspec.Struct):
    mode: str = "form"


def _reader(kind: type[Any]) -> Callable[[msgspec.Raw], object]:
    return msgspec.json.Decoder(kind).decode


_mode, _form, _address = msgspec.json.Decoder(_Mode).decode, _reader(_Form), _reader(_Address)
_READERS = {
    ELICITATION_CREATE: lambda params: (_address if _mode(params).mode == "url" else _form)(params),
    SAMPLING_CREATE_MESSAGE: _reader(_Sampling),
    ROOTS_LIST: _reader(_Params),
}


def is_readable(method: str, params: msgspec.Raw) -> bool:
    """Whether clients can read the question's params."""
    try:
        _READERS[method](params)
    except (msgspec.MsgspecError, KeyError):
        return False
    return True
