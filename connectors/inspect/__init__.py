"""Looking at a server from outside the hot path: its era, its lists, what it demands."""
