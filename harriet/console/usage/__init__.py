"""The page and the API of usage: who calls what, with which client, how it ends, and how long it takes."""
