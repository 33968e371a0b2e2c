"""Codes of error objects: JSON-RPC 2.0 §5.1, and MCP's own."""

from __future__ import annotations

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603

RESOURCE_NOT_FOUND = -32002
"""Up to 2025-11-25; since then it is INVALID_PARAMS."""
HEADER_MISMATCH = -32020
"""A header doesn't repeat what the body says (2026-07-28)."""
MISSING_CAPABILITY = -32021
"""The client didn't say that it can be asked what this needs (2026-07-28)."""
UNSUPPORTED_VERSION = -32022
"""Its data names what is spoken: `{"supported": [...], "requested": "..."}` (2026-07-28)."""
URL_NEEDED = -32042
"""2025-11-25 alone: the person must open a URL before the request can succeed."""

RESERVED = range(-32768, -31999)
"""What JSON-RPC keeps for itself; codes of applications lie outside."""
