"""Which secrets of a connector can be switched back to, until when, and the words for somebody whose calls fail."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from connectors.models import Connector
from harriet.pages.relative_time import by_the_clock, relative
from vault.models import CredentialVersion
from vault.queries import kept_until, kept_versions


class KeptSecret(NamedTuple):
    version: CredentialVersion
    until: str
    """ "tomorrow, 14:05 UTC"."""


def kept_secrets(connector: Connector, now: datetime) -> list[KeptSecret]:
    """The one before the secret in use first."""
    return [KeptSecret(one, by_the_clock(kept_until(one) or now, now)) for one in kept_versions(connector.pk)]


def way_back(connector: Connector, now: datetime) -> str:
    """What an admin may do at once about a secret that the server refuses; empty when none is kept from before."""
    kept = next(iter(kept_secrets(connector, now)), None)
    if kept is None or kept.version.replaced_at is None:
        return ""
    replaced = relative(kept.version.replaced_at, now)
    found = f"the one before is kept until {kept.until}"
    return f"It was replaced {replaced}; {found}: switch back to it under Authentication."
