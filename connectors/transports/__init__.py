"""How Harriet speaks with the servers behind connectors: one interface, a module per kind."""
