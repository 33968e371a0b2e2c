"""The emergency stop: its page, its API, what it finds under way."""
