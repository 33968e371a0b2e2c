"""What the last test of a connection found, kept for the person who pressed the button until the next one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from connectors.actions.test_connection import Finding
from connectors.models import Connector
from harriet.people.pages.guards import OrganizationRequest

_KEY = "findings"


def keep_findings(request: OrganizationRequest, connector: Connector, findings: Sequence[Finding]) -> None:
    """Bound to the address and credential that were tried: another one has no findings yet."""
    request.session[_KEY] = {"for": _tried(connector), "found": [asdict(finding) for finding in findings]}


def kept_findings(request: OrganizationRequest, connector: Connector) -> list[Finding]:
    kept = request.session.get(_KEY, {})
    return [Finding(**found) for found in kept["found"]] if kept.get("for") == _tried(connector) else []


def _tried(connector: Connector) -> str:
    return f"{connector.pk}:{connector.revision}"
