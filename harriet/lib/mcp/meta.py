"""Keys of `_meta` that the protocol keeps for itself (SPEC basic, “_meta”)."""

from __future__ import annotations

PROTOCOL_PREFIX = "io.modelcontextprotocol/"
PROTOCOL_VERSION_KEY = PROTOCOL_PREFIX + "protocolVersion"
CLIENT_INFO_KEY = PROTOCOL_PREFIX + "clientInfo"
CLIENT_CAPABILITIES_KEY = PROTOCOL_PREFIX + "clientCapabilities"
SERVER_INFO_KEY = PROTOCOL_PREFIX + "serverInfo"
LOG_LEVEL_KEY = PROTOCOL_PREFIX + "logLevel"
"""The least level of log messages that a request of 2026-07-28 wants; one of `log_levels.LEVELS`."""
SUBSCRIPTION_ID_KEY = PROTOCOL_PREFIX + "subscriptionId"
"""In notifications of a subscriptions/listen: the id of that request."""
TASKS_EXTENSION = PROTOCOL_PREFIX + "tasks"
"""In `capabilities.extensions` of clients and servers (2026-07-28, SEP-2663)."""
RELATED_TASK_KEY = PROTOCOL_PREFIX + "related-task"
