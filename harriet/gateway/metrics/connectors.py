"""The connectors that metrics name: read for each scrape, because a process holds no more than those that are called
through it."""

from __future__ import annotations

from contextlib import suppress
from typing import NamedTuple

from django.db import Error as DatabaseError

from connectors.models import Connector
from harriet.gateway.processes.database import in_database
from harriet.people.models import Organization


class ConnectorStanding(NamedTuple):
    organization: str
    """The slug, as is the connector's."""
    connector: str
    state: str
    health: str


class Standings(NamedTuple):
    organizations: list[str]
    """The slugs of all."""
    connectors: list[ConnectorStanding]


class KnownConnectors:
    """Of one process; while the database is away they are those of the last time."""

    def __init__(self) -> None:
        self._last = Standings([], [])

    async def read(self) -> Standings:
        with suppress(DatabaseError):  # what the processes counted is told all the same
            self._last = await in_database(_standings)
        return self._last


def _standings() -> Standings:
    rows = Connector.objects.order_by("organization__slug", "slug")
    found = rows.values_list("organization__slug", "slug", "state", "health")
    return Standings(
        list(Organization.objects.order_by("slug").values_list("slug", flat=True)),
        [ConnectorStanding(*row) for row in found.iterator(chunk_size=2000)],
    )
