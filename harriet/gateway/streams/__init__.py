"""Sessions of clients, and the streams on which they hear what changes."""
