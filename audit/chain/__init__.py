"""The chain of seals over written events: its hashes, its sealing, its marks."""
