"""What the Model Context Protocol itself says, in one place: revisions, names of methods and notifications, headers,
keys of `_meta`, error codes. What Harriet makes of it is elsewhere. Sources: modelcontextprotocol.io/specification."""
