"""What signing in keeps in a person's session."""

ATTEMPTS = "provider_attempts"
"""The ids of the ways to a provider that this browser began: an answer to any other is not for it."""

PROVING = "proving"
"""The way to a provider that waits for its person to sign in by their own means once, to link their account."""

JOINING = "joining"
"""Which invitation somebody came with, across signing in: its id, not its token."""
WAITED = "client_waited"
"""That an AI client sent somebody here who was not signed in yet."""
