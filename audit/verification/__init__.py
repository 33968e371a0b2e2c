"""Proof that the log is what was written: the walk over seals, and every fault that it can find."""
