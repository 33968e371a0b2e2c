"""Root keys and what they wrap: a file per kind of key provider."""
