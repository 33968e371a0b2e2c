"""What servers say of their tools: read, mended, compared with what was accepted. No network."""
