"""Conditions on a call's arguments, in CEL: what they may speak of, how they are read, bounded and evaluated."""
