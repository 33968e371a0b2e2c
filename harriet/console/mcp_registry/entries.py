"""An entry of the registry for each profile: a server with Harriet's address, named after the host that Harriet has."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from connectors.models import Profile
from harriet.lib.sentences import some_of
from harriet.people.models import Organization

VERSION = "1.0.0"
"""The only one of each: an address goes on, whatever it offers."""
_SCHEMA = "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json"
_OFFICIAL = "io.modelcontextprotocol.registry/official"
_LONGEST_DESCRIPTION = 100


def namespace() -> str:
    """ "harriet.acme.example" → "example.acme.harriet"."""
    host = urlsplit(settings.BASE_URL).hostname or "localhost"
    return ".".join(reversed(re.sub(r"[^a-zA-Z0-9.-]", "-", host).split(".")))


def name_of(profile: Profile) -> str:
    """Short names hold no dot, so that no two read alike."""
    return f"{namespace()}/{profile.organization.slug}.{profile.slug}"


def slug_in(name: str, organization: Organization) -> str:
    """Of the profile that a name is about; empty for none of the organization."""
    prefix = f"{namespace()}/{organization.slug}."
    return name.removeprefix(prefix) if name.startswith(prefix) else ""


def entry_for(profile: Profile, connectors: list[str]) -> dict[str, Any]:
    """A ServerResponse. `connectors`: the names of what the profile offers."""
    since = profile.created_at.isoformat().replace("+00:00", "Z")
    status = {"status": "active", "statusChangedAt": since, "publishedAt": since, "updatedAt": since, "isLatest": True}
    return {
        "server": {
            "$schema": _SCHEMA,
            "name": name_of(profile),
            "title": profile.name,
            "description": _description(profile, connectors),
            "version": VERSION,
            "websiteUrl": f"{settings.BASE_URL}/me/connect/",
            "remotes": [{"type": "streamable-http", "url": profile.url}],
        },
        "_meta": {_OFFICIAL: status, f"{namespace()}/harriet": {"connectors": connectors}},
    }


def _description(profile: Profile, connectors: list[str]) -> str:
    said = " ".join(profile.description.split()) or f"Tools of {some_of(connectors, 3)}, through Harriet."
    return said if len(said) <= _LONGEST_DESCRIPTION else f"{said[: _LONGEST_DESCRIPTION - 1]}…"
