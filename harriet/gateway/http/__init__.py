"""HTTP with MCP clients: an exchange, a reply that may become a stream, its replay, who may not even ask."""
