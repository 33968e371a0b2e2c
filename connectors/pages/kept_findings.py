"""What the last test of a connection found, kept for the person who pressed the button until the next one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import cast

from connectors.actions.test_connection import Finding
from connectors.models import Connector
from harriet.people.pages.guards import OrganizationRequest

_KEY = "findings"
_PREFILLS = "prefills"
_MOST_PREFILLS = 10


def keep_findings(request: OrganizationRequest, connector: Connector, findings: Sequence[Finding]) -> None:
    """Bound to the address and credential that were tried: another one has no findings yet."""
    request.session[_KEY] = {"for": _tried(connector), "found": [asdict(finding) for finding in findings]}


def kept_findings(request: OrganizationRequest, connector: Connector) -> list[dict[str, str]]:
    kept = request.session.get(_KEY, {})
    return cast(list[dict[str, str]], kept["found"]) if kept.get("for") == _tried(connector) else []


def keep_prefill(request: OrganizationRequest, key: str, fields: dict[str, str]) -> None:
    """What a preset or a pasted configuration says, for one draft: a connector's id, or a key in the page's address."""
    kept = {**request.session.get(_PREFILLS, {}), key: fields}
    request.session[_PREFILLS] = dict(list(kept.items())[-_MOST_PREFILLS:])


def kept_prefill(request: OrganizationRequest, key: str) -> dict[str, str]:
    return cast(dict[str, str], request.session.get(_PREFILLS, {}).get(key, {}))


def _tried(connector: Connector) -> str:
    return f"{connector.pk}:{connector.revision}"
