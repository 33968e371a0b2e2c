"""What is approved, as an MCP registry (API v0.1): AI clients show it to people, who pick Harriet's addresses there."""
