"""Explaining the gate: why somebody can or can't call something, what would change, and what runs without a person."""
