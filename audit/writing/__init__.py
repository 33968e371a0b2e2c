"""Writing the events of calls: many in one commit, over a connection of its own."""
