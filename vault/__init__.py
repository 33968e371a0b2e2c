"""Secrets: sealed per organization, opened for one call, rotated, verified."""
