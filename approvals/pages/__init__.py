"""Tickets: the list, and the page on which a held call is decided."""
