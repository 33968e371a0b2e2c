"""Looks at any MCP server the way Harriet would use it, without a connector and without the database."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from connectors.definitions.mend import mended_entries
from connectors.definitions.sound import Remarks, label_of
from connectors.errors import UpstreamError, UpstreamRefusedCredential
from connectors.inspect.probe_sign_in import ProbeSignIn
from connectors.inspect.redacted import LookRedactor
from connectors.transports.base import NATIVE, Discovery, Endpoint
from connectors.transports.kinds import Transports
from harriet.lib.egress import AsyncEgress, Reach
from harriet.lib.mcp.methods import PROMPTS_LIST, RESOURCES_LIST, RESOURCES_TEMPLATES_LIST, TOOLS_LIST
from harriet.lib.mcp.param_headers import InvalidAnnotation, mirrored_parameters
from harriet.lib.mcp.versions import MODERN
from harriet.lib.secret import Secret
from vault.oauth.challenge import read_challenge
from vault.opened import OpenCredential

LOOK_SECONDS = 20.0
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_LISTS = (
    ("prompts", PROMPTS_LIST, "prompts"),
    ("resources", RESOURCES_LIST, "resources"),
    ("resources", RESOURCES_TEMPLATES_LIST, "resourceTemplates"),
)


@dataclass(slots=True)
class FoundServer:
    """What a server says about itself, and what is wrong with it."""

    discovery: Discovery
    tools: list[dict[str, Any]] = field(default_factory=list)
    others: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """Prompts, resources and resource templates, by the name of the list."""
    problems: list[str] = field(default_factory=list)


class Probe:
    """`async with Probe(url, headers) as probe`: an endpoint of its own, with the headers as its credential."""

    def __init__(
        self, url: str, headers: dict[str, Secret], *, is_internal: bool = False, sign_in: ProbeSignIn | None = None
    ) -> None:
        self._sign_in = sign_in
        self.endpoint = Endpoint(uuid4(), NATIVE, url, reach_to(url, is_internal=is_internal))
        self.egress = AsyncEgress()
        self._transports = Transports(self.egress)
        self.transport = self._transports.transport_for(NATIVE)
        self.credential = OpenCredential()
        self.credential.headers.update({name: value.reveal() for name, value in headers.items()})
        self.credential.secrets = tuple(headers.values())
        self.redactor = LookRedactor(self.credential)

    async def __aenter__(self) -> Probe:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._transports.close()
        await self.egress.close()

    async def look(self) -> FoundServer:
        """Raises UpstreamError when it is no MCP server, or wants another credential; what `ProbeSignIn` raises."""
        try:
            return await self._look()
        except UpstreamRefusedCredential as refusal:
            if not await self.signs_in_again(refusal):
                raise
        return await self.look()

    async def signs_in_again(self, refusal: UpstreamRefusedCredential) -> bool:
        """Whether there is another token now to try with. Raises what `ProbeSignIn` raises."""
        if self._sign_in is None:
            return False
        token = await asyncio.to_thread(self._sign_in.token, read_challenge(refusal.challenge))
        self.credential.headers["Authorization"] = f"Bearer {token.reveal()}"
        self.credential.secrets = (*self.credential.secrets, token)
        self.redactor = LookRedactor(self.credential)
        return True

    async def _look(self) -> FoundServer:
        with self.redactor.in_problems():
            discovery = await self.transport.discover(self.endpoint, self.credential, deadline=LOOK_SECONDS)
            found = FoundServer(self.redactor.in_discovery(discovery))
            await self._look_at_tools(found)
            for capability, method, member in _LISTS:
                if capability in discovery.capabilities:
                    found.others[member] = await self._list(found, method, member)
        return found

    async def _look_at_tools(self, found: FoundServer) -> None:
        if "tools" not in found.discovery.capabilities:
            return
        for tool in await self._list(found, TOOLS_LIST, "tools"):
            try:
                if found.discovery.era == MODERN:
                    mirrored_parameters(tool["inputSchema"])
            except InvalidAnnotation as reason:
                found.problems.append(f"The tool {label_of(tool)} can't be used: {reason}.")
            else:
                found.tools.append(tool)

    async def _list(self, found: FoundServer, method: str, member: str) -> list[dict[str, Any]]:
        remarks = Remarks()
        try:
            listed = await self.transport.list_all(
                self.endpoint, self.credential, method, member, deadline=LOOK_SECONDS, remarks=remarks
            )
        except UpstreamError as problem:
            if self._sign_in is not None and isinstance(problem, UpstreamRefusedCredential):
                raise  # whoever signs in again looks again
            problem.clean(self.redactor.in_text)
            found.problems.append(problem.message)
            return []
        usable = mended_entries(member, self.redactor.in_json(listed), remarks)
        said = self.redactor.in_remarks(remarks)
        found.problems += [*said.left_out, *said.mended]
        return usable


def reach_to(url: str, *, is_internal: bool) -> Reach:
    """The public internet; the URL's own host when it is this machine, or when whoever asks says that it is internal.

    The name of a company's host may lead into its networks, never to link-local addresses (see harriet/lib/egress).
    """
    host = urlsplit(url).hostname or ""
    return Reach(True, (host,)) if host and (is_internal or host in LOOPBACK) else Reach()
