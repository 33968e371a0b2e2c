"""Which organizations must have a log: the floors above say so, because this one doesn't know organizations."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from uuid import UUID

Source = Callable[[], Iterable[UUID]]
Exists = Callable[[UUID], bool]
_sources: list[tuple[Source, Exists]] = []


def expect_logs_of(source: Source, exists: Exists) -> None:
    """`source` names all that must have a log, `exists` tells of one whether it must."""
    _sources.append((source, exists))


def expected_logs() -> set[UUID]:
    return {organization_id for source, _ in _sources for organization_id in source()}


def is_expected(organization_id: UUID) -> bool:
    return any(exists(organization_id) for _, exists in _sources)


def made_at(organization_id: UUID) -> datetime | None:
    """When the organization was made: its id tells (UUIDv7, RFC 9562 §5.7)."""
    if organization_id.version != 7:
        return None
    return datetime.fromtimestamp((organization_id.int >> 80) / 1000, UTC)
