"""The REST API of connectors, tools and profiles."""
