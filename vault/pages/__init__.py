"""The vault's pages, and the form in which a secret is entered."""
