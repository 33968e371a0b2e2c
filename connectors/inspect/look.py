"""Looking at a server from outside the hot path: what it is and what it offers. Synchronous on the outside."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar, overload
from urllib.parse import urlsplit

from connectors.access.pinned import without_eras
from connectors.access.reach import reach_of
from connectors.definitions.both_eras import merged
from connectors.definitions.mend import mended_entries
from connectors.definitions.sound import Remarks
from connectors.errors import UpstreamBroken, UpstreamError, UpstreamRefusedCredential
from connectors.inspect.opened import opened_for
from connectors.inspect.redacted import LookRedactor
from connectors.inspect.seen_page import SeenPage, see_page
from connectors.models import Connector
from connectors.transports.base import Discovery, Endpoint, Transport
from connectors.transports.kinds import transports_for_a_while
from harriet.lib.egress import AsyncEgress
from harriet.lib.errors import Problem
from harriet.lib.mcp.methods import PROMPTS_LIST, RESOURCES_LIST, RESOURCES_TEMPLATES_LIST
from vault.opened import OpenCredential

LOOK_SECONDS = 20.0
"""For each thing that is asked; twice that for the whole look."""
ADDRESS_SECONDS = 8.0
"""For a list of resources, without which a look is still a look."""

NEARBY_SECONDS = 5.0
"""For finding out whether an MCP server is at the usual path instead."""
_USUAL = "/mcp"

Candidate = Callable[[], OpenCredential]
"""Opens a credential that isn't saved yet, once for each time that it is tried."""
_ADDRESSED = {"resources": RESOURCES_LIST, "resourceTemplates": RESOURCES_TEMPLATES_LIST}

Entries = list[dict[str, Any]]
"""What a server lists: tools, prompts, resources or templates, each a JSON object as it came or was mended."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Look:
    """What a server said of itself, without the connector's secret."""

    discovery: Discovery
    tools: Entries
    prompts: Entries | None = field(default_factory=list)
    """None when the server says that it has some, but does not list them."""
    problem: str = ""
    """Why not, in a sentence."""
    resources: Entries | None = field(default_factory=list)
    templates: Entries | None = field(default_factory=list)
    """None when the server has resources, but does not list them."""
    remarks: Remarks = field(default_factory=Remarks)
    """What of the lists can't be taken as it came."""


@dataclass(frozen=True, slots=True)
class _Asker:
    """One look's way to a server."""

    transport: Transport
    credential: OpenCredential
    redactor: LookRedactor

    async def look(self, endpoint: Endpoint, discovery: Discovery) -> Look:
        """Tools must be listed; what is wrong with the prompts alone is no reason to lose the tools."""
        look = Look(self.redactor.in_discovery(discovery), [])
        tools = await self._tools(endpoint, discovery, look.remarks)
        look.tools.extend(self.redactor.in_json([without_eras(one) for one in tools]))
        try:
            prompts = await self._prompts(endpoint, discovery, look.remarks)
        except UpstreamBroken as problem:
            problem.clean(self.redactor.in_text)
            look = replace(look, prompts=None, problem=problem.message)
        else:
            look = replace(look, prompts=self.redactor.in_json(prompts))
        if "resources" in discovery.capabilities:
            resources, templates = [await self._addresses(endpoint, one, look.remarks) for one in _ADDRESSED]
            look = replace(look, resources=resources, templates=templates)
        return replace(look, remarks=self.redactor.in_remarks(look.remarks))

    async def _tools(self, endpoint: Endpoint, discovery: Discovery, remarks: Remarks) -> Entries:
        """A server that offers only other things need not know the method."""
        if "tools" not in discovery.capabilities and discovery.capabilities.keys() & {"prompts", "resources"}:
            return []
        return await self.transport.list_tools(endpoint, self.credential, deadline=LOOK_SECONDS, remarks=remarks)

    async def _prompts(self, endpoint: Endpoint, discovery: Discovery, remarks: Remarks) -> Entries:
        if "prompts" not in discovery.capabilities:
            return []
        return await self.transport.list_all(
            endpoint, self.credential, PROMPTS_LIST, "prompts", deadline=LOOK_SECONDS, remarks=remarks
        )

    async def _addresses(self, endpoint: Endpoint, member: str, remarks: Remarks) -> Entries | None:
        """They are read when clients ask for them, and what is wrong then is told then: no reason to lose the tools."""
        try:
            listed = await self.transport.list_all(
                endpoint, self.credential, _ADDRESSED[member], member, deadline=ADDRESS_SECONDS, remarks=remarks
            )
        except UpstreamError:
            return None
        return mended_entries(member, self.redactor.in_json(listed), remarks)


def endpoint_of(connector: Connector) -> Endpoint:
    return Endpoint(
        connector_id=connector.id,
        kind=connector.kind,
        url=connector.url,
        reach=reach_of(connector, connector.organization),
        era=connector.era,
    )


def look_at(connector: Connector) -> Look:
    """Discovers and lists with the saved credential. Raises ConnectorError or EgressRefused."""

    async def look(asker: _Asker) -> Look:
        discovery = await asker.transport.discover_eras(
            endpoint, asker.credential, deadline=LOOK_SECONDS, known=connector.eras
        )
        looks = [await asker.look(endpoint._replace(era=era), discovery) for era in discovery.eras]
        return looks[0] if len(looks) == 1 else _both(*looks)

    endpoint = endpoint_of(connector)._replace(era="")  # whoever looks finds out anew
    return _ask(connector, look)


def discover(connector: Connector, candidate: Candidate | None = None) -> Discovery:
    """Asks the server what it is, with the saved credential or with one that isn't saved yet. Raises ConnectorError or
    EgressRefused."""

    async def ask(asker: _Asker) -> Discovery:
        found = await asker.transport.discover(endpoint, asker.credential, deadline=LOOK_SECONDS)
        return asker.redactor.in_discovery(found)

    endpoint = endpoint_of(connector)._replace(era="")
    return _ask(connector, ask, candidate)


def list_offer(connector: Connector, discovery: Discovery, candidate: Candidate | None = None) -> Look:
    """What the server that was discovered offers. Raises ConnectorError or EgressRefused."""
    endpoint = endpoint_of(connector)._replace(era=discovery.era)
    return _ask(connector, lambda asker: asker.look(endpoint, discovery), candidate)


def page_at(connector: Connector) -> SeenPage | None:
    """What a browser gets at its address, asked without any credential."""

    async def see() -> SeenPage | None:
        egress = AsyncEgress()
        try:
            return await see_page(egress, endpoint_of(connector))
        finally:
            await egress.close()

    return asyncio.run(see())


def answers_mcp(connector: Connector) -> str:
    """An address beside the connector's at which an MCP server answers, asked without any credential; or nothing."""
    parts = urlsplit(connector.url)
    paths = dict.fromkeys((f"{parts.path.rstrip('/')}{_USUAL}", _USUAL))
    nearby = [parts._replace(path=path, query="").geturl() for path in paths if not parts.path.endswith(_USUAL)]
    return next((url for url in nearby if _is_mcp(connector, url)), "")


def _is_mcp(connector: Connector, url: str) -> bool:
    endpoint = endpoint_of(connector)._replace(era="", url=url)

    async def ask(asker: _Asker) -> bool:
        await asker.transport.discover(endpoint, asker.credential, deadline=NEARBY_SECONDS)
        return True

    try:
        return _ask(connector, ask, OpenCredential)
    except UpstreamRefusedCredential:
        return True
    except Problem:
        return False


def _both(later: Look, earlier: Look) -> Look:
    """Each thing once, with what differs between the eras. What one era does not list is not compared at all."""
    remarks = Remarks(
        left_out=[*later.remarks.left_out, *earlier.remarks.left_out],
        mended=[*later.remarks.mended, *earlier.remarks.mended],
    )
    return replace(
        later,
        tools=_merged("tools", later.tools, earlier.tools, remarks),
        prompts=_merged("prompts", later.prompts, earlier.prompts, remarks),
        problem=later.problem or earlier.problem,
        resources=_together(later.resources, earlier.resources),
        templates=_together(later.templates, earlier.templates),
        remarks=Remarks(list(dict.fromkeys(remarks.left_out)), list(dict.fromkeys(remarks.mended))),
    )


@overload
def _merged(member: str, later: Entries, earlier: Entries, remarks: Remarks) -> Entries: ...
@overload
def _merged(member: str, later: Entries | None, earlier: Entries | None, remarks: Remarks) -> Entries | None: ...
def _merged(member: str, later: Entries | None, earlier: Entries | None, remarks: Remarks) -> Entries | None:
    """Each era's own are made valid first: what differs is kept as it is."""
    if later is None or earlier is None:
        return None
    return merged(mended_entries(member, later, remarks), mended_entries(member, earlier, remarks))


def _together(later: Entries | None, earlier: Entries | None) -> Entries | None:
    """Addresses are a server's own in whichever era it lists them."""
    if later is None or earlier is None:
        return None
    return later + [one for one in earlier if one not in later]


def _ask(connector: Connector, ask: Callable[[_Asker], Awaitable[T]], candidate: Candidate | None = None) -> T:
    """What is asked leaves without the secret, and so does what goes wrong."""
    opened = candidate() if candidate else opened_for(connector)

    async def run() -> T:
        async with transports_for_a_while() as transports:
            with opened as credential:
                redactor = LookRedactor(credential)
                with redactor.in_problems():
                    asker = _Asker(transports.transport_for(connector.kind), credential, redactor)
                    return await asyncio.wait_for(ask(asker), LOOK_SECONDS * 2)

    try:
        return asyncio.run(run())
    except TimeoutError:
        raise UpstreamBroken(f"The server did not finish within {LOOK_SECONDS * 2:.0f} seconds.") from None
