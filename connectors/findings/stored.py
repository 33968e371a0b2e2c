"""Findings as rows keep them, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from connectors.findings.base import Finding, Severity
from harriet.lib.text import storable


def to_store(findings: Iterable[Finding]) -> list[dict[str, str]]:
    return [{key: storable(str(value)) for key, value in one._asdict().items()} for one in findings]


def read_findings(kept: Iterable[Mapping[str, Any]]) -> list[Finding]:
    return [
        Finding(one["code"], Severity(one["severity"]), one["sentence"], one["where"], one["evidence"]) for one in kept
    ]
