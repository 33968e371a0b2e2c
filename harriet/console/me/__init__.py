"""My AI: a person's own clients, tools and calls."""
