"""Which HTTP header of Streamable HTTP carries what, the session id for one: names for sending; `RAW_…` as ASGI has
them: bytes, in lower case."""

from __future__ import annotations

PROTOCOL_VERSION_HEADER = "MCP-Protocol-Version"
SESSION_ID_HEADER = "Mcp-Session-Id"
METHOD_HEADER = "Mcp-Method"
NAME_HEADER = "Mcp-Name"
PARAM_HEADER_PREFIX = "Mcp-Param-"
"""Before the name that an `x-mcp-header` gives to an argument (see `param_headers`)."""

RAW_PROTOCOL_VERSION_HEADER = b"mcp-protocol-version"
RAW_SESSION_ID_HEADER = b"mcp-session-id"
RAW_METHOD_HEADER = b"mcp-method"
RAW_NAME_HEADER = b"mcp-name"
