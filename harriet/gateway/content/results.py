"""Results as every revision has them: what a server left out or spelled wrongly is put right where it is clear.

Official clients drop a whole result for one member of the wrong type. A well-formed result is looked at once, by a
decoder that skips over what it carries, and keeps its bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import msgspec

from harriet.gateway.content.blocks import (
    EMPTY_LIST,
    FALSE,
    NULL,
    TRUE,
    Contents,
    Members,
    are_messages,
    are_well_formed,
    as_text,
    members_of,
    mended,
    mended_contents,
    mended_messages,
    raw,
    text_block,
)
from harriet.lib.mcp.methods import COMPLETION_COMPLETE, PROMPTS_GET, RESOURCES_READ, TOOLS_CALL

Fields = dict[str, msgspec.Raw]
"""A result object whose members are still the bytes that the server sent: what we don't know survives."""

MEND = "The server's answer was not as the protocol has it; what was clear was put right."
MOST_COMPLETIONS = 100
"""Values in one answer, as the protocol has it."""
MOST_SAFE = 2**53 - 1
"""Where JavaScript's whole numbers end."""
COMPLETE, INPUT_REQUIRED = msgspec.Raw(b'"complete"'), msgspec.Raw(b'"input_required"')
"""The `resultType` of a result, and of one that is questions (2026-07-28)."""
TASK = msgspec.Raw(b'"task"')
"""The same of an answer that says where the result will be (tasks extension)."""
_FALSY = frozenset({b"null", b"0", b'""', b'"false"', b"[]", b"{}"})


class _Completion(msgspec.Struct):
    values: list[str]
    total: Annotated[int, msgspec.Meta(ge=-MOST_SAFE, le=MOST_SAFE)] | msgspec.UnsetType = msgspec.UNSET
    hasMore: bool | msgspec.UnsetType = msgspec.UNSET  # the protocol's name


_CONTENTS = msgspec.json.Decoder(list[Contents]).decode
_COMPLETION = msgspec.json.Decoder(_Completion).decode
_RAWS = msgspec.json.Decoder(list[msgspec.Raw]).decode


def asks_for_input(fields: Fields) -> bool:
    """Whether the result is a question to the client (SPEC 2026-07-28 mrtr)."""
    return fields.get("resultType") == INPUT_REQUIRED


def mend_tool_result(fields: Fields, address: str) -> bool:
    """True when something had to be put right."""
    flag = fields.get("isError")
    is_changed = flag is not None and flag != TRUE and flag != FALSE
    if is_changed:
        fields["isError"] = FALSE if bytes(flag or b"") in _FALSY else TRUE
    content = fields.get("content")
    if content is not None and are_well_formed(content):
        return is_changed
    structured = fields.get("structuredContent", NULL)
    if content is None or content == NULL:
        fields["content"] = EMPTY_LIST if structured == NULL else raw([text_block(bytes(structured))])
    else:
        fields["content"] = mended(content)
    return True


def mend_prompt(fields: Fields, address: str) -> bool:
    """Of a prompts/get: makes it one that clients can read. Whether anything was changed."""
    description = fields.get("description")
    is_changed = description is not None and not bytes(description).startswith(b'"')
    if is_changed:
        del fields["description"]
    messages = fields.get("messages", NULL)
    if are_messages(messages):
        return is_changed
    fields["messages"] = mended_messages(messages)
    return True


def mend_resource(fields: Fields, address: str) -> bool:
    """`address` is what was asked for: contents without an address of their own are what is there."""
    try:
        if all(one.is_fine() for one in _CONTENTS(fields.get("contents", NULL))):
            return False
    except msgspec.MsgspecError:
        pass
    parts = _listed(fields.get("contents", NULL))
    fields["contents"] = raw([_mended_contents(part, address) for part in parts])
    return True


def mend_completion(fields: Fields, address: str) -> bool:
    """Of a completion/complete: at most 100 texts. Whether anything was changed."""
    try:
        if len(_COMPLETION(fields.get("completion", NULL)).values) <= MOST_COMPLETIONS:
            return False
    except msgspec.MsgspecError:
        pass
    completion = members_of(fields.get("completion", NULL)) or {}
    values = [one for one in _listed(completion.get("values", NULL)) if bytes(one).startswith(b'"')]
    found: Members = {"values": raw(values[:MOST_COMPLETIONS])}
    if len(values) > MOST_COMPLETIONS or completion.get("hasMore") == TRUE:
        found["hasMore"] = TRUE
    fields["completion"] = raw(found)
    return True


MENDS: dict[str, Callable[[Fields, str], bool]] = {
    TOOLS_CALL: mend_tool_result,
    PROMPTS_GET: mend_prompt,
    RESOURCES_READ: mend_resource,
    COMPLETION_COMPLETE: mend_completion,
}


def _listed(value: msgspec.Raw) -> list[msgspec.Raw]:
    """The entries of a list; one thing that should have been in a list is taken for a list of one."""
    if bytes(value).startswith(b"["):
        return _RAWS(value)
    return [] if value == NULL else [value]


def _mended_contents(part: msgspec.Raw, address: str) -> Members:
    members = members_of(part)
    if members is None:
        return {"uri": raw(address), "text": as_text(part)}
    return mended_contents(members, address)
