"""What signing in keeps in a person's session."""

JOINING = "joining"
"""Which invitation somebody came with, across signing in: its id, not its token."""
WAITED = "client_waited"
"""That an AI client sent somebody here who was not signed in yet."""
