"""Refuses a call whose Mcp-Param-… headers don't repeat its arguments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from harriet.gateway.errors import RpcRefusal
from harriet.lib.mcp.error_codes import HEADER_MISMATCH
from harriet.lib.mcp.param_headers import ParamHeader, repeats, value_at


def check_param_headers(headers: Mapping[bytes, bytes], mirrored: Iterable[ParamHeader], values: Any) -> None:
    """Raises RpcRefusal when a header and its argument differ, or one of the two is missing."""
    for name, path in mirrored:
        sent = headers.get(name.lower().encode())
        if not repeats(sent.decode("latin-1").strip() if sent is not None else None, value_at(values, path)):
            raise RpcRefusal(HEADER_MISMATCH, f"The header {name} must repeat the argument {'.'.join(path)}.")
