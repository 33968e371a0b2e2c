"""Tools of Harriet's own: a file for each, and the dictionary in tools.py."""
