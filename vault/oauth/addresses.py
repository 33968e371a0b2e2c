"""Harriet's own addresses as an OAuth client: where people come back to, and the document that says what it is."""

from __future__ import annotations

from typing import Any

from django.conf import settings

CLIENT_NAME = "Harriet"
DOCUMENT_PATH = "oauth/client.json"
CALLBACK_PATH = "oauth/callback"


def callback_address() -> str:
    """One for all organizations: the state says whose."""
    return f"{settings.BASE_URL}/{CALLBACK_PATH}"


def document_address() -> str:
    """The client id of a client metadata document is its own address."""
    return f"{settings.BASE_URL}/{DOCUMENT_PATH}"


def client_document() -> dict[str, Any]:
    """What `DOCUMENT_PATH` answers: a public client, which no authorization server has to keep."""
    return {
        "client_id": document_address(),
        **description(),
        "grant_types": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_method": "none",
    }


def description(redirect_uri: str = "") -> dict[str, Any]:
    """What a registration says of Harriet, whatever kind it is: people come back to it, or to a program on their own
    machine."""
    return {
        "client_name": CLIENT_NAME,
        "client_uri": settings.BASE_URL,
        "redirect_uris": [redirect_uri or callback_address()],
        "response_types": ["code"],
        "application_type": "native" if redirect_uri else "web",
    }
