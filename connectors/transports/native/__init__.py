"""Servers that speak MCP themselves, over Streamable HTTP or the older HTTP+SSE, in either protocol era."""
