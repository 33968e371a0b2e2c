"""Whether a connector asks people for more than its tools need."""

from __future__ import annotations

from connectors.models import Connector, Risk, Tool
from vault.models import Credential
from vault.oauth.scope_words import ScopeWords, more_than_reading


def wide_scopes(connector: Connector, credential: Credential | None) -> list[ScopeWords]:
    """Those that allow more than looking, where every tool that people may call only looks."""
    more = more_than_reading(credential.placement) if credential is not None else []
    if not more:
        return []
    enabled = list(Tool.objects.filter(connector=connector, kind=Tool.Kind.TOOL, is_enabled=True))
    is_reading = bool(enabled) and all(one.risk == Risk.READ_ONLY for one in enabled)
    return more if is_reading else []
