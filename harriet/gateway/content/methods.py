"""The requests that go on to a server, and which of them uses a thing of a kind."""

from __future__ import annotations

from connectors.models import Tool

TOOL, PROMPT, RESOURCE, COMPLETION = "tools/call", "prompts/get", "resources/read", "completion/complete"
METHODS: dict[str, str] = {Tool.Kind.TOOL: TOOL, Tool.Kind.PROMPT: PROMPT, Tool.Kind.RESOURCES: RESOURCE}
"""What uses a thing of a kind."""
