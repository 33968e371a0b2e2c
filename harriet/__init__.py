"""Harriet governs how a company's people and AI clients use tools over MCP."""

from harriet.celery import app as celery_app

__all__ = ["celery_app"]
