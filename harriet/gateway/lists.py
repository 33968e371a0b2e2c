"""The resources and templates that servers offer right now. They are read live, kept for a few seconds, and shared by
everyone who may read them; permission is one switch per connector."""

from __future__ import annotations

import asyncio
import logging
import re
from dataclasses import dataclass
from functools import lru_cache
from time import monotonic
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from connectors.access import shown_uri, split_uri
from connectors.errors import ConnectorError
from connectors.rows import ProfileRow
from connectors.transports.base import Endpoint
from vault.errors import VaultError

from .errors import INTERNAL_ERROR, NotOffered, RpcRefusal

if TYPE_CHECKING:
    from .compile import Snapshot
    from .policy import Grant, View
    from .runtime import Runtime

log = logging.getLogger(__name__)

FRESH_SECONDS = 5.0
_KEPT = 1000
_MOST_VARIABLES = 6
_LONGEST = 2000
RESOURCES = ("resources/list", "resources", "uri")
TEMPLATES = ("resources/templates/list", "resourceTemplates", "uriTemplate")
What = tuple[str, str, str]
"""Method, the member that holds the list, the member that is an entry's address."""
Entry = dict[str, Any]


@dataclass(slots=True)
class _Kept:
    at: float
    task: asyncio.Task[list[Entry]]


class LiveLists:
    """One look at a server serves everyone who asks within a few seconds."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._kept: dict[tuple[Any, ...], _Kept] = {}

    async def shown(self, view: View, snapshot: Snapshot, profile: ProfileRow, what: What) -> list[Entry]:
        """The entries of every connector, under the addresses that this profile shows, in one stable order. A server
        that fails is left out, unless all do: then RpcRefusal says why."""
        grants = list(view.resources.values())
        found = await asyncio.gather(*(self._of(grant, snapshot, what) for grant in grants), return_exceptions=True)
        failures = [one for one in found if isinstance(one, BaseException)]
        if failures and len(failures) == len(found):
            raise _explained(failures[0])
        entries: dict[str, Entry] = {}
        for grant, listed in zip(grants, found, strict=True):
            for entry in listed if isinstance(listed, list) else ():
                address = shown_uri(grant.tool.connector.slug, entry[what[2]], profile.has_prefix)
                entries.setdefault(address, {**entry, what[2]: address})
        return [entries[address] for address in sorted(entries)]

    async def owner_of(self, address: str, view: View, snapshot: Snapshot, profile: ProfileRow) -> tuple[UUID, str]:
        """The connector whose resource (or template) this is, and its address there. Raises NotOffered."""
        grants = {grant.tool.connector.slug: grant for grant in view.resources.values()}
        if profile.has_prefix:
            slug, uri = split_uri(address, grants)
            if slug is None:
                raise NotOffered("resources", address, "No connector of the profile has this prefix.")
            return grants[slug].tool.connector.id, uri
        if len(grants) == 1:
            return next(iter(view.resources)), address
        for grant in (grants[slug] for slug in sorted(grants)):
            if await self._has(grant, snapshot, address):
                return grant.tool.connector.id, address
        raise NotOffered("resources", address, "No connector of the profile offers this resource.")

    async def _has(self, grant: Grant, snapshot: Snapshot, address: str) -> bool:
        try:
            resources = await self._of(grant, snapshot, RESOURCES)
            if any(entry["uri"] == address for entry in resources):
                return True
            templates = [entry["uriTemplate"] for entry in await self._of(grant, snapshot, TEMPLATES)]
        except (ConnectorError, VaultError):
            return False
        return any(template == address or _pattern(template).fullmatch(address) for template in templates)

    async def _of(self, grant: Grant, snapshot: Snapshot, what: What) -> list[Entry]:
        connector = grant.tool.connector
        sealed = snapshot.credentials.get(connector.id)
        key = (connector.id, connector.revision, sealed and sealed.version, what[0])
        kept = self._kept.get(key)
        if kept is None or monotonic() - kept.at > FRESH_SECONDS:
            if len(self._kept) >= _KEPT:
                self._kept.clear()
            task = asyncio.create_task(self._look(grant, snapshot, what))
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
            kept = self._kept[key] = _Kept(monotonic(), task)
        return await asyncio.shield(kept.task)

    async def _look(self, grant: Grant, snapshot: Snapshot, what: What) -> list[Entry]:
        connector, runtime = grant.tool.connector, self._runtime
        if "resources" not in connector.capabilities:
            return []
        endpoint = Endpoint(connector.id, connector.url, connector.reach, connector.era)
        sealed = snapshot.credentials.get(connector.id)
        with snapshot.opener.credential(sealed) as credential:
            redactor = runtime.redactor(sealed, credential)
            entries = await runtime.transport.list_all(
                endpoint, credential, what[0], what[1], deadline=runtime.deadline_seconds
            )
        raw = msgspec.json.encode([entry for entry in entries if isinstance(entry.get(what[2]), str)])
        if redactor is not None:
            raw, _ = redactor.in_json(raw)
        listed: list[Entry] = msgspec.json.decode(raw)
        return listed


def _explained(problem: BaseException) -> BaseException:
    if isinstance(problem, ConnectorError | VaultError):
        return RpcRefusal(INTERNAL_ERROR, problem.message)
    return problem


@lru_cache(1000)
def _pattern(template: str) -> re.Pattern[str]:
    """Which addresses a URI template (RFC 6570) stands for: as much as is needed to find whose it is."""
    parts = re.split(r"\{([^{}]*)\}", template)
    if len(parts) > 2 * _MOST_VARIABLES or len(template) > _LONGEST:
        return re.compile(r"(?!)")  # matches nothing: many variables make matching slow
    return re.compile("".join(_piece(part, is_variable=number % 2 == 1) for number, part in enumerate(parts)))


def _piece(part: str, *, is_variable: bool) -> str:
    if not is_variable:
        return re.escape(part)
    if part[:1] in {"?", "&", "#", "/", ";", "."}:
        return ".*"
    return ".+" if part[:1] == "+" or part.endswith("*") else "[^/]+"
