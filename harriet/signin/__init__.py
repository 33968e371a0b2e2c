"""Signing in, second factors, joining by a link."""
