"""What changes connectors, tools and profiles: one file per verb."""
