"""The session key that remembers, across signing in, which invitation somebody came with (its id, not its token)."""

JOINING = "joining"
