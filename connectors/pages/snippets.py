"""What people paste: a client's `mcpServers`, VS Code's `servers`, or a registry's server.json. Secrets stay out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.errors import ConnectorError
from connectors.pages.prefill import Prefill
from harriet.lib.errors import Problem
from harriet.lib.json.canonical import parse_strict

LONGEST = 64 * 1024
"""Characters."""
_REMOTE = {"http", "streamable-http", "streamableHttp", "sse"}


def read_snippet(text: str) -> Prefill:
    """Name, address and description alone. Raises ConnectorError, which never repeats what was pasted."""
    value = _parsed(text)
    for read in (_from_clients, _from_registry):
        found = read(value)
        if found is not None:
            return found
    raise _refused('No server with an address was found. Paste {"mcpServers": …}, {"servers": …} or a server.json.')


def _parsed(text: str) -> Mapping[str, Any]:
    if len(text) > LONGEST:
        raise _refused("This is too long to be a configuration.")
    try:
        value = parse_strict(text.encode("utf-8", "surrogatepass"))
    except Problem:
        raise _refused("This is not valid JSON. Paste the whole configuration, from { to }.") from None
    if not isinstance(value, dict):
        raise _refused("This is not a configuration: it must be a JSON object, from { to }.")
    return value


def _from_clients(value: Mapping[str, Any]) -> Prefill | None:
    servers = value.get("mcpServers") or value.get("servers")
    if not isinstance(servers, dict):
        return None
    for name, server in servers.items():
        if isinstance(server, dict) and isinstance(server.get("url"), str):
            return Prefill(_title(name), server["url"])
    if servers:
        raise _refused("The server starts a program (command); Harriet connects to servers that have an address (url).")
    return None


def _from_registry(value: Mapping[str, Any]) -> Prefill | None:
    remotes = value.get("remotes")
    named = str(value.get("title") or value.get("name") or "")
    for remote in remotes if isinstance(remotes, list) else ():
        if isinstance(remote, dict) and remote.get("type") in _REMOTE and isinstance(remote.get("url"), str):
            return Prefill(_title(named), remote["url"], str(value.get("description") or "")[:300])
    return None


def _title(name: str) -> str:
    """ "io.github.acme/weather-now" → "Weather now"."""
    words = name.rpartition("/")[2].replace("-", " ").replace("_", " ").split()
    return " ".join(words)[:80].capitalize() if name.islower() else " ".join(words)[:80]


def _refused(message: str) -> ConnectorError:
    return ConnectorError(message, field="snippet")
