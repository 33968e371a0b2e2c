"""The MCP endpoint and the governed call: whatever a client asks of a server leaves Harriet through here."""
