"""The REST API of tickets, of what is told of them, and of workflows: thin, everything goes through the actions."""
