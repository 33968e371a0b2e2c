"""Blocks of content: text, images, sound, links, resources. Judged and mended as raw JSON, which may be large."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

Members = dict[str, msgspec.Raw]
NULL, TRUE, FALSE = msgspec.Raw(b"null"), msgspec.Raw(b"true"), msgspec.Raw(b"false")
EMPTY_LIST = msgspec.Raw(b"[]")
_ROLES = (b'"user"', b'"assistant"')


class _Annotations(msgspec.Struct):
    audience: list[str] | UnsetType = UNSET
    priority: float | UnsetType = UNSET


class _Block(msgspec.Struct, tag_field="type"):
    annotations: _Annotations | UnsetType = UNSET
    meta: Members | UnsetType = msgspec.field(default=UNSET, name="_meta")


class _Text(_Block, tag="text", kw_only=True):
    text: str


class _Data(_Block, kw_only=True):
    data: msgspec.Raw
    mimeType: str  # the protocol's name


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


class _Contents(msgspec.Struct):
    uri: str
    text: str | UnsetType = UNSET
    mimeType: str | UnsetType = UNSET  # the protocol's name


class _Resource(_Block, tag="resource", kw_only=True):
    resource: _Contents


class _Message(msgspec.Struct):
    role: str
    content: _Text | _Image | _Audio | _Link | _Resource


_BLOCKS = msgspec.json.Decoder(list[_Text | _Image | _Audio | _Link | _Resource]).decode
_BLOCK = msgspec.json.Decoder(_Text | _Image | _Audio | _Link | _Resource).decode
_MESSAGES = msgspec.json.Decoder(list[_Message]).decode
_MEMBERS = msgspec.json.Decoder(Members).decode
_RAWS = msgspec.json.Decoder(list[msgspec.Raw]).decode
_KNOWN = frozenset({"text", "image", "audio", "resource_link", "resource"})


def are_well_formed(content: msgspec.Raw) -> bool:
    try:
        _BLOCKS(content)
    except msgspec.MsgspecError:
        return False
    return True


def are_messages(messages: msgspec.Raw) -> bool:
    try:
        return all(message.role in ("user", "assistant") for message in _MESSAGES(messages))
    except msgspec.MsgspecError:
        return False


def mended(content: msgspec.Raw) -> msgspec.Raw:
    """A list of blocks. Types that nobody knows yet are passed on: newer clients may."""
    blocks = _RAWS(content) if bytes(content).startswith(b"[") else [content]
    return raw([_mended_block(block) for block in blocks])


def mended_messages(messages: msgspec.Raw) -> msgspec.Raw:
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
    if not _is_text(found.get("text")) and not _is_text(found.get("blob")):
        found["text"] = as_text(found["text"]) if "text" in found else raw("")
    return found


def text_block(text: bytes) -> Members:
    """JSON, shown as the text that it is."""
    return {"type": raw("text"), "text": raw(text.decode())}


def as_text(value: msgspec.Raw) -> msgspec.Raw:
    """A text as it is; anything else as its JSON."""
    return value if _is_text(value) else raw(bytes(value).decode())


def members_of(value: msgspec.Raw) -> Members | None:
    try:
        return _MEMBERS(value)
    except msgspec.MsgspecError:
        return None


def raw(value: Any) -> msgspec.Raw:
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
        _BLOCK(block)
    except msgspec.MsgspecError:
        return False
    return True


def _put_right(kind: str, members: Members) -> Members:
    found = {key: value for key, value in members.items() if value != NULL}
    found["type"] = raw(kind)
    for name in ("annotations", "_meta", "title", "description"):
        if name in found and not _is_fine(name, found[name]):
            del found[name]
    if kind == "text":
        found["text"] = as_text(found.get("text", raw("")))
    elif kind in ("image", "audio"):
        found.setdefault("mimeType", raw("application/octet-stream"))
    elif kind == "resource_link":
        found.setdefault("name", found.get("uri", NULL))
    elif kind == "resource" and (inner := members_of(found.get("resource", NULL))) is not None:
        found["resource"] = raw(mended_contents(inner, ""))
    return found


def _is_fine(name: str, value: msgspec.Raw) -> bool:
    if name == "annotations":
        return _fits(value, _Annotations)
    return members_of(value) is not None if name == "_meta" else _is_text(value)


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
