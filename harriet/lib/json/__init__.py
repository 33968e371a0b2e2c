"""JSON: strictly parsed and canonical, as servers really write it, and mended so that every parser takes it."""
