"""Search: people, connectors, tools and all else by their names, pages, and what can be done; of what one may open."""
