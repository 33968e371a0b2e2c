"""Reads the audit log for the gateway's stories."""

from __future__ import annotations

import json
import time
from typing import Any
from uuid import UUID

from audit.models import Event
from audit.vocabulary.declaration import kind_of
from tests.stage.waiting import wait_for


class Log:
    """The events of one organization since a moment; outcomes of earlier calls have arrived before it."""

    def __init__(self, organization_id: UUID) -> None:
        self._organization_id = organization_id
        wait_for(lambda: self._count("call.intent") == self._count("call.outcome"))
        self._known = set(self._rows().values_list("id", flat=True))

    def events(self, *codes: str, wanted: int = 1, seconds: float = 60) -> list[dict[str, Any]]:
        """The bodies of the new events with these codes, oldest first; waits until there are enough."""
        end = time.monotonic() + seconds
        while True:
            rows = [row for row in self._rows().filter(code__in=codes) if row.id not in self._known]
            if len(rows) >= wanted or time.monotonic() > end:
                return [as_declared(json.loads(row.body)) for row in rows]
            time.sleep(0.02)

    def _rows(self) -> Any:
        return Event.objects.filter(organization_id=self._organization_id).order_by("recorded_at", "id")

    def _count(self, code: str) -> int:
        return int(self._rows().filter(code=code).count())


def as_declared(body: dict[str, Any]) -> dict[str, Any]:
    """The body, which holds what its event declares: all of its details, and nothing else."""
    kind = kind_of(body["code"])
    assert kind is not None
    held = body.keys() - {"actor", "at", "code", "details", "id", "organization", "request"}
    held |= body.get("details", {}).keys()
    details = {field.name for field in kind.fields if field.member == "detail" and not field.is_optional}
    assert details <= held <= {field.name for field in kind.fields}
    return body
