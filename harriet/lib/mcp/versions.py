"""The revisions of the protocol that Harriet speaks, their eras, and since when there is what."""

from __future__ import annotations

SSE_ONLY = "2024-11-05"
"""The first one, with the transport before Streamable HTTP."""
WITH_BATCHES = "2025-03-26"
"""The only revision of Streamable HTTP in which one body may hold several messages."""
LEGACY_VERSIONS = (SSE_ONLY, WITH_BATCHES, "2025-06-18", "2025-11-25")
"""With initialize and sessions, oldest first. They compare as text in the order of their dates."""
MODERN_VERSION = "2026-07-28"
MODERN_VERSIONS = (MODERN_VERSION,)
"""Stateless: every request brings its version, its client and its routing headers. Newest first."""
NEWEST_LEGACY = LEGACY_VERSIONS[-1]
SUPPORTED = (*MODERN_VERSIONS, *reversed(LEGACY_VERSIONS))
"""All, in the order in which a server offers them: newest first."""

LEGACY = "legacy"
"""The era of `LEGACY_VERSIONS`."""
MODERN = "modern"
"""The era of `MODERN_VERSIONS`."""
SSE = "sse"
"""The transport before Streamable HTTP, of 2024-11-05: one event stream for all answers, POST for all requests."""

SENDS_VERSION_HEADER = frozenset(LEGACY_VERSIONS[2:])
"""After initialize each request names the revision in MCP-Protocol-Version (SPEC 2025-06-18 basic/transports)."""
MAY_SEND_BATCHES = frozenset(LEGACY_VERSIONS[:2])
AUDIO_SINCE = "2025-03-26"
STRUCTURED_SINCE = "2025-06-18"
"""`structuredContent` and `outputSchema` of tools."""
LINKS_SINCE = "2025-06-18"
"""`resource_link` content."""
RESUMABLE_SINCE = "2025-11-25"
"""Streams begin with an event that only brings an id, from which a client may go on (SEP-1699)."""
