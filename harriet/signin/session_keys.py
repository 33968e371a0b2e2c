"""What signing in keeps in a person's session."""

JOINING = "joining"
"""Which invitation somebody came with, across signing in: its id, not its token."""
