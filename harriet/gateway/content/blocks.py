"""Blocks of content: text, images, sound, links, resources. Judged and mended as raw JSON, which may be large."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from connectors.definitions.members import is_moment
from harriet.lib.forgiving_base64 import as_base64, is_base64

Members = dict[str, msgspec.Raw]
NULL, TRUE, FALSE = msgspec.Raw(b"null"), msgspec.Raw(b"true"), msgspec.Raw(b"false")
EMPTY_LIST = msgspec.Raw(b"[]")
_ROLES = (b'"user"', b'"assistant"')


class _Annotations(msgspec.Struct):
    audience: list[Literal["user", "assistant"]] | UnsetType = UNSET
    priority: Annotated[float, msgspec.Meta(ge=0, le=1)] | UnsetType = UNSET
    lastModified: str | UnsetType = UNSET  # the protocol's name

    def __post_init__(self) -> None:
        if self.lastModified is not UNSET and not is_moment(self.lastModified):
            raise ValueError("lastModified is no moment")


class _Icon(msgspec.Struct):
    src: str
    mimeType: str | UnsetType = UNSET  # the protocol's name
    sizes: list[str] | UnsetType = UNSET
    theme: Literal["light", "dark"] | UnsetType = UNSET


class _Block(msgspec.Struct, tag_field="type"):
    annotations: _Annotations | UnsetType = UNSET
    meta: Members | UnsetType = msgspec.field(default=UNSET, name="_meta")

    def is_fine(self) -> bool:
        """What the types don't say."""
        return True


class _Text(_Block, tag="text", kw_only=True):
    text: str


class _Data(_Block, kw_only=True):
    data: msgspec.Raw
    mimeType: str  # the protocol's name

    def is_fine(self) -> bool:
        return is_base64(self.data)


class _Image(_Data, tag="image"):
    pass


class _Audio(_Data, tag="audio"):
    pass


class _Link(_Block, tag="resource_link", kw_only=True):
    uri: str
    name: str
    title: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    mimeType: str | UnsetType = UNSET  # the protocol's name
    size: int | UnsetType = UNSET
    icons: list[_Icon] | UnsetType = UNSET


class Contents(msgspec.Struct):
    """Of a resource: text or bytes, under an address."""

    uri: str
    text: str | UnsetType = UNSET
    blob: msgspec.Raw = NULL
    mimeType: str | UnsetType = UNSET  # the protocol's name
    meta: Members | UnsetType = msgspec.field(default=UNSET, name="_meta")

    def is_fine(self) -> bool:
        return is_base64(self.blob) if self.text is UNSET else self.blob == NULL or is_base64(self.blob)


class _Resource(_Block, tag="resource", kw_only=True):
    resource: Contents

    def is_fine(self) -> bool:
        return self.resource.is_fine()


class _ToolUse(_Block, tag="tool_use", kw_only=True):
    id: str
    name: str
    input: Members


class _ToolResult(_Block, tag="tool_result", kw_only=True):
    toolUseId: str  # the protocol's name
    content: list[_Text | _Image | _Audio | _Link | _Resource] = []
    isError: bool | UnsetType = UNSET  # the protocol's name
    structuredContent: msgspec.Raw = NULL  # the protocol's name

    def is_fine(self) -> bool:
        return all(one.is_fine() for one in self.content)


Sampled = _Text | _Image | _Audio | _ToolUse | _ToolResult
"""What may be in a message to a client's model."""


class _Message(msgspec.Struct):
    role: Literal["user", "assistant"]
    content: _Text | _Image | _Audio | _Link | _Resource


_OPTIONAL: dict[str, Any] = {
    "annotations": _Annotations,
    "_meta": Members,
    "title": str,
    "description": str,
    "size": int,
    "icons": list[_Icon],
}
"""Members of blocks that may be missing, and so are left out where they are wrong."""
_BLOCKS = msgspec.json.Decoder(list[_Text | _Image | _Audio | _Link | _Resource]).decode
_BLOCK = msgspec.json.Decoder(_Text | _Image | _Audio | _Link | _Resource).decode
_MESSAGES = msgspec.json.Decoder(list[_Message]).decode
_MEMBERS = msgspec.json.Decoder(Members).decode
_RAWS = msgspec.json.Decoder(list[msgspec.Raw]).decode

_KNOWN = frozenset({"text", "image", "audio", "resource_link", "resource"})


def are_well_formed(content: msgspec.Raw) -> bool:
    """Whether a list of content blocks is as the protocol has them, so that it can be passed on as it is."""
    try:
        for block in _BLOCKS(content):
            if block.__class__ is not _Text and not block.is_fine():
                return False
    except msgspec.MsgspecError:
        return False
    return True


def are_messages(messages: msgspec.Raw) -> bool:
    """Whether a prompt's messages are as the protocol has them."""
    try:
        return all(message.content.is_fine() for message in _MESSAGES(messages))
    except msgspec.MsgspecError:
        return False


def mended(content: msgspec.Raw) -> msgspec.Raw:
    """A list of blocks. Types that nobody knows yet are passed on: newer clients may."""
    blocks = _RAWS(content) if bytes(content).startswith(b"[") else [content]
    return raw([_mended_block(block) for block in blocks])


def mended_messages(messages: msgspec.Raw) -> msgspec.Raw:
    """Messages as clients can read them: each has a role and one block; what makes no sense is left out."""
    if messages == NULL:
        return EMPTY_LIST
    every = _RAWS(messages) if bytes(messages).startswith(b"[") else [messages]
    return raw([one for message in every for one in _mended_message(message)])


def mended_contents(members: Members, address: str) -> Members:
    """Of a resource: an address, and text or bytes."""
    found = {key: value for key, value in members.items() if value != NULL}
    if not _is_text(found.get("uri")):
        found["uri"] = raw(address)
    if "mimeType" in found and not _is_text(found["mimeType"]):
        del found["mimeType"]
    if "blob" in found:
        _put_blob(found)
    _leave_out_wrong(found)
    if "text" in found or "blob" not in found:
        found["text"] = as_text(found.get("text", raw("")))
    return found


def _put_blob(members: Members) -> None:
    """What isn't base64 is no bytes: it is shown as the text that it is, unless there is one."""
    blob = members.pop("blob")
    coded = as_base64(blob)
    if coded is not None:
        members["blob"] = coded
    elif _is_text(blob):
        members.setdefault("text", blob)


def text_block(text: bytes) -> Members:
    """JSON, shown as the text that it is."""
    return {"type": raw("text"), "text": raw(text.decode())}


def as_text(value: msgspec.Raw) -> msgspec.Raw:
    """A text as it is; anything else as its JSON."""
    return value if _is_text(value) else raw(bytes(value).decode())


def members_of(value: msgspec.Raw) -> Members | None:
    """The members of an object, each as it was written; None for anything else."""
    try:
        return _MEMBERS(value)
    except msgspec.MsgspecError:
        return None


def raw(value: Any) -> msgspec.Raw:
    """The value as JSON that is passed on as it is."""
    return msgspec.Raw(msgspec.json.encode(value))


def _mended_block(block: msgspec.Raw) -> Any:
    if _is_block(block):
        return block
    members = members_of(block)
    if members is None:
        return {"type": raw("text"), "text": as_text(block)}
    kind = _type_of(members)
    if kind and kind not in _KNOWN:
        return block
    found = _put_right(kind or _guessed(members), members)
    return found if _is_block(raw(found)) else text_block(bytes(block))


def _is_block(block: msgspec.Raw) -> bool:
    try:
        return bool(_BLOCK(block).is_fine())
    except msgspec.MsgspecError:
        return False


def _put_right(kind: str, members: Members) -> Members:
    found = {key: value for key, value in members.items() if value != NULL}
    found["type"] = raw(kind)
    _leave_out_wrong(found)
    if "mimeType" in found and not _is_text(found["mimeType"]):
        del found["mimeType"]
    if kind == "text":
        found["text"] = as_text(found.get("text", raw("")))
    elif kind in ("image", "audio"):
        found["data"] = as_base64(found.get("data", NULL)) or NULL
        found.setdefault("mimeType", raw("application/octet-stream"))
    elif kind == "resource_link" and not _is_text(found.get("name")):
        found["name"] = found.get("uri", NULL)
    elif kind == "resource" and (inner := members_of(found.get("resource", NULL))) is not None:
        found["resource"] = raw(mended_contents(inner, ""))
    return found


def _leave_out_wrong(members: Members) -> None:
    for name, kind in _OPTIONAL.items():
        if name in members and not _fits(members[name], kind):
            del members[name]


def _fits(value: msgspec.Raw, kind: Any) -> bool:
    try:
        msgspec.json.decode(value, type=kind)
    except msgspec.MsgspecError:
        return False
    return True


def _guessed(members: Members) -> str:
    """What a block without a type is, by what it has."""
    mime = bytes(members.get("mimeType", NULL))
    if "data" in members and mime.startswith((b'"image/', b'"audio/')):
        return "image" if mime.startswith(b'"image/') else "audio"
    if "resource" in members:
        return "resource"
    if "text" not in members and "uri" in members:
        return "resource_link"
    return "text" if "text" in members else ""


def _mended_message(message: msgspec.Raw) -> list[Any]:
    """One message for each block: only one is allowed in each."""
    members = members_of(message)
    if members is None:
        return [{"role": raw("user"), "content": {"type": raw("text"), "text": as_text(message)}}]
    role = members.get("role", NULL)
    role = role if bytes(role) in _ROLES else raw("user")
    content = members.get("content", NULL)
    blocks = _RAWS(content) if bytes(content).startswith(b"[") else [content]
    return [{**members, "role": role, "content": _mended_block(block)} for block in blocks if block != NULL]


def _type_of(members: Members) -> str:
    kind = members.get("type", NULL)
    return str(msgspec.json.decode(kind)) if _is_text(kind) else ""


def _is_text(value: msgspec.Raw | None) -> bool:
    return value is not None and bytes(memoryview(value)[:1]) == b'"'
