"""The kinds of steps: one file each, and a dictionary."""
