"""The REST API of tickets and of what is told of them: thin, everything goes through the actions."""
