"""Findings as rows keep them, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from connectors.findings.base import Finding, Severity


def to_store(findings: Iterable[Finding]) -> list[dict[str, str]]:
    """PostgreSQL's JSON has no room for NUL, nor for half of a pair."""
    return [{key: _clean(str(value)) for key, value in one._asdict().items()} for one in findings]


def read_findings(kept: Iterable[Mapping[str, Any]]) -> list[Finding]:
    return [
        Finding(one["code"], Severity(one["severity"]), one["sentence"], one["where"], one["evidence"]) for one in kept
    ]


def _clean(text: str) -> str:
    return text.replace("\0", "").encode("utf-8", "replace").decode()
