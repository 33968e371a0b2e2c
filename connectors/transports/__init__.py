"""How Harriet speaks with the servers behind connectors: one interface (`base.Transport`), a file or folder for each
kind of connector, and one dictionary that names them (`kinds.KINDS`).
"""
