"""What the last test of a connection found, kept for the person who pressed the button until the next one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from connectors.inspect.findings import Finding, summary_of_test, worst_of
from connectors.models import Connector
from harriet.people.pages.guards import OrganizationRequest

_KEY = "findings"
_MOST = 10
"""Connectors of one person, so that tests in two tabs don't lose each other."""


@dataclass(frozen=True, slots=True)
class KeptTest:
    """With what it was made for: nobody takes it for a test of something else."""

    address: str
    at: datetime
    findings: list[Finding]

    @property
    def works(self) -> bool:
        """Nothing was found that stops a call."""
        return worst_of(self.findings).kind != "danger"

    @property
    def is_quiet(self) -> bool:
        """There is nothing to look at: a line is enough."""
        return worst_of(self.findings).kind == "ok"

    @property
    def to_look_at(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.kind != "ok"]

    @property
    def in_order(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.kind == "ok"]

    @property
    def summary(self) -> str:
        return summary_of_test(self.findings)


def keep_findings(request: OrganizationRequest, connector: Connector, findings: Sequence[Finding]) -> None:
    """Bound to the address and credential that were tried: another one has no findings yet."""
    tried = {
        "revision": connector.revision,
        "address": connector.url,
        "at": timezone.now().isoformat(),
        "found": [asdict(finding) for finding in findings],
    }
    kept = {key: value for key, value in _kept(request).items() if key != str(connector.pk)}
    request.session[_KEY] = dict([*kept.items(), (str(connector.pk), tried)][-_MOST:])


def kept_test(request: OrganizationRequest, connector: Connector) -> KeptTest | None:
    """None when another address or credential is saved by now."""
    tried = _kept(request).get(str(connector.pk))
    if tried is None or (tried["revision"], tried["address"]) != (connector.revision, connector.url):
        return None
    found = [Finding(**finding) for finding in tried["found"]]
    return KeptTest(tried["address"], datetime.fromisoformat(tried["at"]), found)


def _kept(request: OrganizationRequest) -> dict[str, Any]:
    """By connector. What an earlier release kept is of no use here."""
    kept: dict[str, Any] = request.session.get(_KEY, {})
    return {} if "found" in kept else kept
