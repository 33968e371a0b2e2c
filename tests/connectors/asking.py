"""Requests as the gateway makes them, and where they may go, for tests of the transports."""

import json
from typing import Any

from connectors.transports.base import Request
from harriet.lib.egress import Reach

LOCAL = Reach(allow_internal=True, internal_hosts=("127.0.0.1",))


def calling(
    tool: str, arguments: bytes = b"{}", schema: dict[str, Any] | None = None, meta: dict[str, Any] | None = None
) -> Request:
    members = b'"name":%b,"arguments":%b' % (json.dumps(tool).encode(), arguments)
    return Request("tools/call", members, tool, arguments, schema or {}, meta)
