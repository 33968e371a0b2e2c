"""What may be written into the describing fields of connectors and profiles."""

from __future__ import annotations

from connectors.errors import ConnectorError
from harriet.lib.text import count_hidden


def clean_description(text: str, *, longest: int = 300) -> str:
    description = " ".join(text.split())
    if len(description) > longest:
        raise ConnectorError(
            f"A description has at most {longest} characters; this one has {len(description)}.", field="description"
        )
    if count_hidden(description):
        raise ConnectorError(
            "The description contains hidden characters. Type it instead of pasting.", field="description"
        )
    return description


def clean_icon(text: str) -> str:
    icon = text.strip()
    if len(icon) > 8 or any(character.isspace() or ord(character) < 32 for character in icon):
        raise ConnectorError("An icon is one emoji, or one or two letters.", field="icon")
    return icon
