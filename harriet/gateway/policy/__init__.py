"""Who is calling and what they may call: compiled from rows, immutable, in memory."""
