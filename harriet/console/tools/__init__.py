"""Trying a tool: a form made from its schema, which calls it through the gate as the person who tries."""
