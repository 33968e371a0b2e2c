"""What a server may ask the client in the middle of a call: the user's input, the client's model, its roots."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from harriet.lib.mcp.methods import CAPABILITY_FOR_QUESTION

ANSWER_SECONDS = 600.0
"""People answer questions; ten minutes is a long time for a form, and a short one for what waits behind it."""
LARGEST_ANSWER = 4 * 2**20
"""Bytes."""

_PASSED_ON = tuple(CAPABILITY_FOR_QUESTION.values())


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
    name = CAPABILITY_FOR_QUESTION.get(method)
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
