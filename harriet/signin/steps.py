"""Notes what happens between a person, their client and Harriet, for the connection doctor. Nothing depends on it.

A note costs one INSERT. Call it when what it tells of has been decided, and outside of a transaction that may yet be
rolled back: it would go with it. Whoever has many at once, or no time at all, collects and calls `keep_steps`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from django.db import Error, connection, transaction

from harriet.lib.text import excerpt
from harriet.signin.models import Application, ConnectionStep
from harriet.signin.step_words import DETAILS, KINDS

__all__ = ["KINDS", "Step", "keep_steps", "note_step"]

log = logging.getLogger(__name__)

_LONGEST_DETAIL = 300
_MOST_NAMELESS = 120
"""Steps a minute that nobody signed in for, of an organization and in one process: anybody can cause those."""


@dataclass(frozen=True, slots=True)
class Step:
    organization_id: UUID
    kind: str
    user_id: UUID | None = None
    application_id: UUID | None = None
    profile_id: UUID | None = None
    client: str = ""
    problem: str = ""
    details: dict[str, str] = field(default_factory=dict)


def note_step(
    organization_id: UUID,
    kind: str,
    *,
    user_id: UUID | None = None,
    application: Application | None = None,
    profile_id: UUID | None = None,
    client: str = "",
    problem: str = "",
    **details: object,
) -> None:
    """`kind` is a key of `KINDS`, `problem` one of `PROBLEMS`; `details` are named as in `DETAILS`, others are dropped.

    Never raises: a sign-in does not fail because it could not be noted.
    """
    known = {name: str(value) for name, value in details.items() if value}
    name = client or (application.name if application else "")
    app = application.pk if application else None
    keep_steps([Step(organization_id, kind, user_id, app, profile_id, name, problem, known)])


def keep_steps(steps: Iterable[Step]) -> None:
    """Never raises. A step that nobody signed in for is left out when there were very many within the minute."""
    rows = [_row(step) for step in steps if step.user_id or _nameless.may_keep(step.organization_id)]
    if not rows or connection.needs_rollback:
        return
    try:
        with transaction.atomic():
            ConnectionStep.objects.bulk_create(rows)
    except (Error, ValueError) as problem:
        log.warning("Could not note %d connection steps (%s).", len(rows), type(problem).__name__)


def _row(step: Step) -> ConnectionStep:
    return ConnectionStep(
        organization_id=step.organization_id,
        kind=step.kind,
        user_id=step.user_id,
        application_id=step.application_id,
        profile_id=step.profile_id,
        client=excerpt(step.client, 120),
        problem=step.problem[:60],
        details={name: excerpt(value, _LONGEST_DETAIL) for name, value in step.details.items() if name in DETAILS},
    )


class _Nameless:
    """How many were kept in this minute, for each organization."""

    def __init__(self) -> None:
        self._minute, self._kept = 0, dict[UUID, int]()

    def may_keep(self, organization_id: UUID) -> bool:
        minute = int(time.monotonic() // 60)
        if minute != self._minute:
            self._minute, self._kept = minute, {}
        self._kept[organization_id] = self._kept.get(organization_id, 0) + 1
        return self._kept[organization_id] <= _MOST_NAMELESS


_nameless = _Nameless()
