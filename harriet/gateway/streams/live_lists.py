"""The resources and templates that servers offer right now. They are read live, kept for a few seconds, and shared by
everyone who may read them; permission is one switch per connector. In a profile without prefix an address is that
connector's whose server listed it first (connectors/access/resource_owners.py)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from time import monotonic
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from django.db import Error as DatabaseError

from connectors.access.claims import claims_of
from connectors.access.facts import ConnectorRow, ProfileRow
from connectors.access.resource_owners import MOST_TEMPLATES, Claims, is_bounded, owner_among
from connectors.access.rules import shown_uri, split_uri
from connectors.definitions.mend import mended_entries
from connectors.definitions.sound import MOST_AT_ONCE, Remarks
from connectors.errors import ConnectorError
from connectors.transports.base import Endpoint
from harriet.gateway.errors import NotOffered, RpcRefusal, Unavailable
from harriet.gateway.policy.grant import Grant
from harriet.gateway.policy.snapshot import Snapshot
from harriet.gateway.policy.view import View
from harriet.gateway.processes.database import in_database
from harriet.gateway.steps.access import Accesses, opened_with
from harriet.gateway.steps.caller_words import for_caller
from harriet.gateway.steps.stops import Stops
from harriet.gateway.steps.upstream import Upstream
from harriet.lib.mcp.error_codes import INTERNAL_ERROR
from harriet.lib.mcp.methods import RESOURCES_LIST, RESOURCES_TEMPLATES_LIST
from harriet.lib.uri_templates import Address, template_of
from harriet.people.stop_rules import sentence
from vault.errors import VaultError
from vault.oauth.whose import is_per_person

FRESH_SECONDS = 5.0
"""For which one look at a server serves everyone."""
_KEPT = 1000
"""Of lists, and of profiles whose connectors' claims are known."""


class What(NamedTuple):
    """What is listed."""

    method: str
    member: str
    """The one that holds the list."""
    address: str
    """The member of an entry that is its address."""


RESOURCES = What(RESOURCES_LIST, "resources", "uri")
TEMPLATES = What(RESOURCES_TEMPLATES_LIST, "resourceTemplates", "uriTemplate")
Entry = dict[str, Any]


class _Kept(NamedTuple):
    at: float
    """On our monotonic clock."""
    task: asyncio.Task[list[Entry]]


class _KnownClaims(NamedTuple):
    version: int
    """Of the snapshot at which they were read."""
    task: asyncio.Task[dict[UUID, Claims]]


class LiveLists:
    """One look at a server serves everyone who asks within a few seconds."""

    def __init__(self, upstream: Upstream, accesses: Accesses, stops: Stops) -> None:
        self._upstream, self._accesses, self._stops = upstream, accesses, stops
        self._kept: dict[tuple[Any, ...], _Kept] = {}
        self._known: dict[UUID, _KnownClaims] = {}
        """The claims of a profile's connectors, by profile."""

    async def shown(
        self,
        view: View,
        snapshot: Snapshot,
        profile: ProfileRow,
        what: What,
        *,
        user_id: UUID | None,
        has_sessions: bool = False,
    ) -> list[Entry]:
        """The entries of every connector, as its server lists them, under the addresses that this profile shows. What
        fails is left out, unless all do: then RpcRefusal says why."""
        claims = await self._claims(view, snapshot, profile)
        grants = sorted(view.resources.values(), key=lambda grant: grant.tool.connector.slug)
        asked = (self._of(grant, snapshot, what, user_id, has_sessions=has_sessions) for grant in grants)
        found = await asyncio.gather(*asked, return_exceptions=True)
        failures = [one for one in found if isinstance(one, BaseException)]
        if failures and len(failures) == len(found):
            raise _explained(failures[0], grants[0].tool.connector)
        entries: dict[str, list[Entry]] = {}
        for grant, listed in zip(grants, found, strict=True):
            own: dict[str, Entry] = {}
            for entry in listed if isinstance(listed, list) else ():
                own.setdefault(entry[what.address], entry)
            for uri, entry in own.items():
                if claims is None or _may_show(uri, grant, claims, what):
                    address = shown_uri(grant.tool.connector.slug, uri, profile.has_prefix)
                    entries.setdefault(address, []).append({**entry, what.address: address})
        return [same[0] for same in entries.values() if len(same) == 1]

    async def owner_of(
        self, address: str, view: View, snapshot: Snapshot, profile: ProfileRow, user_id: UUID | None
    ) -> tuple[UUID, str]:
        """The connector whose resource (or template) this is, and its address there. Raises NotOffered."""
        grants = {grant.tool.connector.slug: grant for grant in view.resources.values()}
        if profile.has_prefix:
            slug, uri = split_uri(address, grants)
            if slug is None:
                raise NotOffered("resources", address, "No connector of the profile has this prefix.")
            return grants[slug].tool.connector.id, uri
        claims = await self._claims(view, snapshot, profile)
        owner = owner_among(Address(address), claims.values()) if claims is not None else None
        if owner is None and len(grants) == 1:
            return next(iter(view.resources)), address
        if owner is None:
            return await self._only_one_with(address, grants, snapshot, user_id), address
        if owner not in view.resources:
            raise NotOffered("resources", address, "The address is that of a connector that this caller may not read.")
        return owner, address

    def whose(self, address: str, view: View, profile: ProfileRow) -> list[Grant]:
        """Who may say something of an address in a profile without prefix: the one that `owner_of` found to be its
        owner, as far as that is known, or all."""
        known = self._known.get(profile.id)
        if known is None or not known.task.done() or known.task.cancelled() or known.task.exception() is not None:
            return list(view.resources.values())
        owner = owner_among(Address(address), known.task.result().values())
        if owner is None:
            return list(view.resources.values())
        return [view.resources[owner]] if owner in view.resources else []

    async def _only_one_with(
        self, address: str, grants: Mapping[str, Grant], snapshot: Snapshot, user_id: UUID | None
    ) -> UUID:
        """Of an address that no sync has seen: two servers that offer it now may each be the wrong one."""
        every = [grants[slug] for slug in sorted(grants)]
        has = await asyncio.gather(*(self._has(grant, snapshot, Address(address), user_id) for grant in every))
        found = [grant.tool.connector for grant, has_it in zip(every, has, strict=True) if has_it]
        if len(found) == 1:
            return found[0].id
        reason = "No connector of the profile offers this resource."
        if found:
            names = " and ".join(connector.name for connector in found)
            reason = f"{names} both offer this address; switch on the profile's name prefix."
        raise NotOffered("resources", address, reason)

    async def _has(self, grant: Grant, snapshot: Snapshot, address: Address, user_id: UUID | None) -> bool:
        try:
            resources = await self._of(grant, snapshot, RESOURCES, user_id)
            if any(entry["uri"] == address.text for entry in resources):
                return True
            templates = [entry["uriTemplate"] for entry in await self._of(grant, snapshot, TEMPLATES, user_id)]
        except (ConnectorError, VaultError, Unavailable):
            return False
        return any(_stands_for(template, address) for template in templates[:MOST_TEMPLATES])

    async def _claims(self, view: View, snapshot: Snapshot, profile: ProfileRow) -> Mapping[UUID, Claims] | None:
        """None where no two servers can claim one address."""
        if profile.has_prefix or len(view.readable) < 2:
            return None
        known = self._known.get(profile.id)
        if known is None or known.version != snapshot.number:
            if len(self._known) >= _KEPT:
                self._known.clear()
            task = asyncio.create_task(in_database(claims_of, view.readable))
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
            known = self._known[profile.id] = _KnownClaims(snapshot.number, task)
        try:
            return await asyncio.shield(known.task)
        except DatabaseError:
            self._known.pop(profile.id, None)
            raise RpcRefusal(INTERNAL_ERROR, "Whose this address is can't be looked up now. Try again soon.") from None

    async def _of(
        self, grant: Grant, snapshot: Snapshot, what: What, user_id: UUID | None, *, has_sessions: bool = False
    ) -> list[Entry]:
        """What is looked at with somebody's own account is shown to them alone."""
        connector, era = grant.tool.connector, grant.tool.era_for(has_sessions)
        if (stop := self._stops.on_server(snapshot.facts.id, connector.id, user_id)) is not None:
            raise Unavailable(sentence(stop))
        sealed = snapshot.credentials.get(connector.id)
        whose = user_id if sealed is not None and sealed.oauth_client_id and is_per_person(sealed) else None
        key = (connector.id, connector.revision, sealed and sealed.version, what.method, era, whose)
        kept = self._kept.get(key)
        if kept is None or monotonic() - kept.at > FRESH_SECONDS:
            if len(self._kept) >= _KEPT:
                self._kept.clear()
            task = asyncio.create_task(self._look(grant, snapshot, what, era, whose))
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
            kept = self._kept[key] = _Kept(monotonic(), task)
        return await asyncio.shield(kept.task)

    async def _look(self, grant: Grant, snapshot: Snapshot, what: What, era: str, user_id: UUID | None) -> list[Entry]:
        connector, upstream = grant.tool.connector, self._upstream
        if "resources" not in connector.capabilities:
            return []
        endpoint = Endpoint(connector.id, connector.kind, connector.url, connector.reach, era)
        sealed = snapshot.credentials.get(connector.id)
        access = None
        if sealed is not None and sealed.oauth_client_id is not None:
            access = await self._accesses.of(sealed, user_id, snapshot.number)
        opener = snapshot.opener
        with opened_with(access, opener) if access else opener.credential(sealed) as credential:
            redactor = self._accesses.redactor(access, credential) if access else upstream.redactor(sealed, credential)
            entries = await upstream.transports.transport_for(connector.kind).list_all(
                endpoint, credential, what.method, what.member, deadline=upstream.deadline_seconds
            )
        if redactor is not None:
            raw, found = redactor.in_json(msgspec.json.encode(entries))
            entries = msgspec.json.decode(raw) if found else entries
        remarks = Remarks()  # the admin is told by the sync
        if len(entries) <= MOST_AT_ONCE:
            return mended_entries(what.member, entries, remarks)
        return await asyncio.to_thread(mended_entries, what.member, entries, remarks)


def _explained(problem: BaseException, connector: ConnectorRow) -> BaseException:
    if isinstance(problem, ConnectorError | VaultError):
        return RpcRefusal(INTERNAL_ERROR, for_caller(problem, connector))
    return problem


def _may_show(uri: str, grant: Grant, claims: Mapping[UUID, Claims], what: What) -> bool:
    owner = owner_among(Address(uri), claims.values())
    if owner is not None and owner != grant.tool.connector.id:
        return False
    return what is not TEMPLATES or is_bounded(uri)


def _stands_for(template: str, address: Address) -> bool:
    """A template without a scheme of its own stands for nothing, except where it is named itself."""
    found = template_of(template)
    return template == address.text or (found is not None and found.is_bounded and found.stands_for(address))
