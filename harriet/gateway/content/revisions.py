"""What a newer server says, as an older client's revision has it: nothing in it that the client would stumble over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from harriet.gateway.content.blocks import EMPTY_LIST, NULL, Members, as_text, members_of, raw, text_block
from harriet.gateway.content.results import Fields
from harriet.lib.mcp.methods import PROMPTS_GET, TOOLS_CALL
from harriet.lib.mcp.versions import AUDIO_SINCE, LINKS_SINCE, STRUCTURED_SINCE

_RAWS = msgspec.json.Decoder(list[msgspec.Raw]).decode


def fit(fields: Fields, method: str, revision: str) -> Fields:
    """The result for a client of the handshake era; `revision` is empty when it never said which it speaks."""
    if method == TOOLS_CALL:
        structured = fields.get("structuredContent")
        if structured is not None and not _is_allowed(structured, revision):
            del fields["structuredContent"]
            _keep_as_text(fields, structured)
    if revision and revision < LINKS_SINCE:
        _without_newer_blocks(fields, method, revision)
    return fields


def _is_allowed(structured: msgspec.Raw, revision: str) -> bool:
    """Up to 2025-11-25 structured content is an object, and before 2025-06-18 there is none."""
    return bytes(memoryview(structured)[:1]) == b"{" and (not revision or revision >= STRUCTURED_SINCE)


def _keep_as_text(fields: Fields, structured: msgspec.Raw) -> None:
    content = fields.get("content", EMPTY_LIST)
    if structured != NULL and b'"text"' not in bytes(content):
        fields["content"] = raw([*_RAWS(content), text_block(bytes(structured))])


def _without_newer_blocks(fields: Fields, method: str, revision: str) -> None:
    name = {TOOLS_CALL: "content", PROMPTS_GET: "messages"}.get(method, "")
    parts = fields.get(name)
    newer = {kind: say for kind, (since, say) in _NEWER.items() if revision < since}
    if parts is None or not any(kind in bytes(parts) for kind in newer):
        return
    if method == TOOLS_CALL:
        fields[name] = raw([_older_block(block, newer) for block in _RAWS(parts)])
    else:
        fields[name] = raw([_older_message(message, newer) for message in _RAWS(parts)])


def _older_message(message: msgspec.Raw, newer: dict[bytes, Callable[[Members], str]]) -> Any:
    members = members_of(message)
    if members is None or "content" not in members:
        return message
    return {**members, "content": _older_block(members["content"], newer)}


def _older_block(block: msgspec.Raw, newer: dict[bytes, Callable[[Members], str]]) -> Any:
    members = members_of(block)
    say = newer.get(bytes(members.get("type", NULL))) if members is not None else None
    if members is None or say is None:
        return block
    return {"type": raw("text"), "text": raw(say(members))}


def _said(members: Members, name: str) -> str:
    return str(msgspec.json.decode(as_text(members[name]))) if name in members else ""


def _audio_as_text(members: Members) -> str:
    kind = _said(members, "mimeType") or "unknown type"
    return f"[Audio ({kind}), which this client's version of the protocol has no place for.]"


def _link_as_text(members: Members) -> str:
    name = _said(members, "title") or _said(members, "name")
    lines = (f"{name}: {_said(members, 'uri')}", _said(members, "description"))
    return "\n".join(line for line in lines if line)


_NEWER: dict[bytes, tuple[str, Callable[[Members], str]]] = {
    b'"audio"': (AUDIO_SINCE, _audio_as_text),
    b'"resource_link"': (LINKS_SINCE, _link_as_text),
}
