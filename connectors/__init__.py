"""MCP servers, what they offer, who may use it, and how Harriet reaches them."""
