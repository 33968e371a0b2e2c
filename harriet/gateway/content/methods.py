"""The requests that go on to a server, and which of them uses a thing of a kind."""

from __future__ import annotations

from connectors.models import Tool
from harriet.lib.mcp.methods import PROMPTS_GET, RESOURCES_READ, TOOLS_CALL

METHODS: dict[str, str] = {
    Tool.Kind.TOOL: TOOLS_CALL,
    Tool.Kind.PROMPT: PROMPTS_GET,
    Tool.Kind.RESOURCES: RESOURCES_READ,
}
"""What uses a thing of a kind."""
