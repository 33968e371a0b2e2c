"""Looking at a server from outside the hot path: what it is and which tools it offers. Synchronous on the outside."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar, overload
from uuid import UUID

from connectors.access.pinned import without_eras
from connectors.access.reach import reach_of
from connectors.definitions.both_eras import merged
from connectors.definitions.mend import mended_entries
from connectors.definitions.sound import Remarks
from connectors.errors import ConnectorError, UpstreamBroken, UpstreamError
from connectors.inspect.redacted import Repeated
from connectors.models import Connector
from connectors.transports.base import Discovery, Endpoint
from connectors.transports.native.transport import NativeTransport
from harriet.lib.egress import AsyncEgress
from harriet.lib.mcp.methods import PROMPTS_LIST, RESOURCES_LIST, RESOURCES_TEMPLATES_LIST
from vault.open import Opener, opener_for
from vault.opened import OpenCredential
from vault.queries import sealed_credential, sealed_credentials
from vault.stored import SealedCredential

LOOK_SECONDS = 20.0
CHECK_SECONDS = 8.0
ADDRESS_SECONDS = 8.0
AT_ONCE = 16

Candidate = Callable[[], OpenCredential]
"""Opens a credential that isn't saved yet, once for each time that it is tried."""
_ADDRESSED = {"resources": RESOURCES_LIST, "resourceTemplates": RESOURCES_TEMPLATES_LIST}

Entries = list[dict[str, Any]]
T = TypeVar("T")
Ask = Callable[[NativeTransport, OpenCredential, Repeated], Awaitable[T]]


@dataclass(frozen=True, slots=True)
class Look:
    discovery: Discovery
    tools: list[dict[str, Any]]
    prompts: list[dict[str, Any]] | None = field(default_factory=list)
    """None when the server says that it has some, but does not list them."""
    problem: str = ""
    """Why not, in a sentence."""
    resources: list[dict[str, Any]] | None = field(default_factory=list)
    templates: list[dict[str, Any]] | None = field(default_factory=list)
    """None when the server has resources, but does not list them."""
    remarks: Remarks = field(default_factory=Remarks)
    """What of the lists can't be taken as it came."""


def endpoint_of(connector: Connector) -> Endpoint:
    return Endpoint(
        connector_id=connector.id,
        url=connector.url,
        reach=reach_of(connector, connector.organization),
        era=connector.era,
    )


def look_at(connector: Connector) -> Look:
    """Discovers and lists with the saved credential. Raises ConnectorError or EgressRefused."""

    async def look(transport: NativeTransport, credential: OpenCredential, repeated: Repeated) -> Look:
        discovery = await transport.discover_eras(endpoint, credential, deadline=LOOK_SECONDS, known=connector.eras)
        looks = [
            await _list_all(transport, endpoint._replace(era=era), discovery, credential, repeated)
            for era in discovery.eras
        ]
        return looks[0] if len(looks) == 1 else _both(*looks)

    endpoint = endpoint_of(connector)._replace(era="")  # whoever looks finds out anew
    return _with_credential(connector, look)


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


def _together(later: list[Any] | None, earlier: list[Any] | None) -> list[Any] | None:
    """Addresses are a server's own in whichever era it lists them."""
    if later is None or earlier is None:
        return None
    return later + [one for one in earlier if one not in later]


async def _list_all(
    transport: NativeTransport,
    endpoint: Endpoint,
    discovery: Discovery,
    credential: OpenCredential,
    repeated: Repeated,
) -> Look:
    """Tools must be listed; what is wrong with the prompts alone is no reason to lose the tools."""
    look = Look(repeated.out_of(discovery), [])
    tools = await _tools(transport, endpoint, discovery, credential, look.remarks)
    look.tools.extend(repeated.out_of_json([without_eras(one) for one in tools]))
    try:
        prompts = await _prompts(transport, endpoint, discovery, credential, look.remarks)
    except UpstreamBroken as problem:
        problem.clean(repeated.out_of_text)
        look = replace(look, prompts=None, problem=problem.message)
    else:
        look = replace(look, prompts=repeated.out_of_json(prompts))
    if "resources" in discovery.capabilities:
        resources, templates = [
            await _addresses(transport, endpoint, credential, member, repeated, look.remarks) for member in _ADDRESSED
        ]
        look = replace(look, resources=resources, templates=templates)
    return replace(look, remarks=repeated.out_of_remarks(look.remarks))


async def _tools(
    transport: NativeTransport,
    endpoint: Endpoint,
    discovery: Discovery,
    credential: OpenCredential,
    remarks: Remarks,
) -> list[dict[str, Any]]:
    """A server that offers only other things need not know the method."""
    if "tools" not in discovery.capabilities and discovery.capabilities.keys() & {"prompts", "resources"}:
        return []
    return await transport.list_tools(endpoint, credential, deadline=LOOK_SECONDS, remarks=remarks)


async def _prompts(
    transport: NativeTransport,
    endpoint: Endpoint,
    discovery: Discovery,
    credential: OpenCredential,
    remarks: Remarks,
) -> list[dict[str, Any]]:
    if "prompts" not in discovery.capabilities:
        return []
    return await transport.list_all(
        endpoint, credential, PROMPTS_LIST, "prompts", deadline=LOOK_SECONDS, remarks=remarks
    )


async def _addresses(
    transport: NativeTransport,
    endpoint: Endpoint,
    credential: OpenCredential,
    member: str,
    repeated: Repeated,
    remarks: Remarks,
) -> list[dict[str, Any]] | None:
    """They are read when clients ask for them, and what is wrong then is told then: no reason to lose the tools."""
    try:
        listed = await transport.list_all(
            endpoint, credential, _ADDRESSED[member], member, deadline=ADDRESS_SECONDS, remarks=remarks
        )
    except UpstreamError:
        return None
    return mended_entries(member, repeated.out_of_json(listed), remarks)


def discover(connector: Connector, candidate: Candidate | None = None) -> Discovery:
    """Asks the server what it is, with the saved credential or with one that isn't saved yet. Raises ConnectorError or
    EgressRefused."""

    async def ask(transport: NativeTransport, credential: OpenCredential, repeated: Repeated) -> Discovery:
        return repeated.out_of(await transport.discover(endpoint, credential, deadline=LOOK_SECONDS))

    endpoint = endpoint_of(connector)._replace(era="")
    return _with_credential(connector, ask, candidate)


def list_offer(connector: Connector, discovery: Discovery, candidate: Candidate | None = None) -> Look:
    """What the server that was discovered offers. Raises ConnectorError or EgressRefused."""

    async def ask(transport: NativeTransport, credential: OpenCredential, repeated: Repeated) -> Look:
        return await _list_all(transport, endpoint, discovery, credential, repeated)

    endpoint = endpoint_of(connector)._replace(era=discovery.era)
    return _with_credential(connector, ask, candidate)


def check_all(connectors: list[Connector]) -> dict[UUID, Exception | Discovery]:
    """Asks several servers at once whether they answer: what each said, or the error in its place. One that gets
    another address at this moment is left out."""
    openers = {connector.organization_id: opener_for(connector.organization_id) for connector in connectors}
    sealed = {key: value for one in openers for key, value in sealed_credentials(one).items()}
    places = dict(Connector.objects.filter(pk__in=[connector.pk for connector in connectors]).values_list("pk", "url"))
    connectors = [connector for connector in connectors if places.get(connector.pk) == connector.url]
    asked = [
        (endpoint_of(connector), openers[connector.organization_id], sealed.get(connector.id))
        for connector in connectors
    ]
    return asyncio.run(_check_all(asked))


async def _check_all(
    asked: list[tuple[Endpoint, Opener, SealedCredential | None]],
) -> dict[UUID, Exception | Discovery]:
    seats = asyncio.Semaphore(AT_ONCE)

    async def check(endpoint: Endpoint, opener: Opener, sealed: SealedCredential | None) -> Discovery:
        async with seats:
            with opener.credential(sealed) as credential:
                repeated = Repeated(credential)
                with repeated.out_of_problems():
                    return repeated.out_of(await transport.discover(endpoint, credential, deadline=CHECK_SECONDS))

    egress = AsyncEgress()
    transport = NativeTransport(egress)
    try:
        answers = await asyncio.gather(*(check(*one) for one in asked), return_exceptions=True)
    finally:
        await transport.close()
        await egress.close()
    found: dict[UUID, Exception | Discovery] = {}
    for (endpoint, _, _), answer in zip(asked, answers, strict=True):
        found[endpoint.connector_id] = _ordinary(answer)
    return found


def _ordinary(answer: Discovery | BaseException) -> Exception | Discovery:
    """Lets what stops the whole process through; everything else is that one server's answer."""
    if isinstance(answer, BaseException) and not isinstance(answer, Exception):
        raise answer
    return answer


def _saved(connector: Connector) -> OpenCredential:
    """Read before the address is looked at once more: a secret that was saved for another one doesn't go to this."""
    opener = opener_for(connector.organization_id)
    sealed = sealed_credential(connector.organization_id, connector.id)
    if sealed is not None and not Connector.objects.filter(pk=connector.pk, url=connector.url).exists():
        raise ConnectorError(f"The address of {connector} was changed at this moment. Try again.")
    return opener.credential(sealed)


def _with_credential(connector: Connector, ask: Ask[T], candidate: Candidate | None = None) -> T:
    """What is asked leaves without the secret, and so does what goes wrong."""
    opened = candidate() if candidate else _saved(connector)

    async def run() -> T:
        egress = AsyncEgress()
        transport = NativeTransport(egress)
        try:
            with opened as credential:
                repeated = Repeated(credential)
                with repeated.out_of_problems():
                    return await asyncio.wait_for(ask(transport, credential, repeated), LOOK_SECONDS * 2)
        except TimeoutError:
            raise UpstreamBroken(f"The server did not finish within {LOOK_SECONDS * 2:.0f} seconds.") from None
        finally:
            await transport.close()
            await egress.close()

    return asyncio.run(run())
