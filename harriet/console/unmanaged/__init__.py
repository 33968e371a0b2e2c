"""MCP servers on people's devices that Harriet doesn't govern: where they are, and what is to become of them."""
