"""The eras of the protocol, as connectors remember them: by which of them a server is spoken to."""

LEGACY = "legacy"
"""Revisions with initialize and sessions: 2024-11-05 to 2025-11-25."""
MODERN = "modern"
"""The stateless revision 2026-07-28."""
SSE = "sse"
"""The transport before Streamable HTTP, of 2024-11-05: one event stream for all answers, POST for all requests."""
