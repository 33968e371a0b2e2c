"""The kinds of connectors: the dictionary of transports. A new kind is a file beside this one, and its line here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple

from connectors.errors import ConnectorError, UpstreamBroken
from connectors.transports.base import NATIVE, Transport
from connectors.transports.native.transport import NativeTransport
from harriet.lib.egress import AsyncEgress
from harriet.lib.text import quoted


class TransportKind(NamedTuple):
    """How a kind of connector is named, and what serves it."""

    label: str
    """As forms, pages and the API's description call it."""
    make: Callable[[AsyncEgress], Transport]
    """Called once per event loop, when the first connector of the kind is asked for something."""


KINDS: dict[str, TransportKind] = {
    NATIVE: TransportKind("Native MCP server", NativeTransport),
}
"""By what stands in `Connector.kind`: at most 10 characters, and never renamed, because rows hold it."""


def kind_choices() -> list[tuple[str, str]]:
    """Value and label of each kind, for forms and the API."""
    return [(kind, known.label) for kind, known in KINDS.items()]


def kind_label(kind: str) -> str:
    """As pages call the kind of a connector; its own name for one that this release doesn't know."""
    return KINDS[kind].label if kind in KINDS else kind


def checked_kind(kind: str) -> str:
    """Raises ConnectorError beside the field `kind`."""
    if kind not in KINDS:
        known = ", ".join(KINDS)
        raise ConnectorError(
            f"There is no kind {quoted(kind, 40)} of connectors. The kinds are: {known}.", field="kind"
        )
    return kind


class Transports:
    """One event loop's transports: one of each kind that was asked for, all over one egress, which is closed after."""

    def __init__(self, egress: AsyncEgress) -> None:
        self._egress = egress
        self._made: dict[str, Transport] = {}

    def transport_for(self, kind: str) -> Transport:
        """`kind` is a connector's. Raises UpstreamBroken for one that this release doesn't know: nothing was sent."""
        made = self._made.get(kind)
        if made is None:
            if kind not in KINDS:
                raise UpstreamBroken(f"Harriet has no transport for the kind {quoted(kind, 40)}.", may_have_run=False)
            made = self._made[kind] = KINDS[kind].make(self._egress)
        return made

    async def close(self) -> None:
        made, self._made = self._made, {}
        for transport in made.values():
            await transport.close()


@asynccontextmanager
async def transports_for_a_while() -> AsyncIterator[Transports]:
    """With an egress of their own: for a look at a server, outside of the gateway's event loop."""
    egress = AsyncEgress()
    transports = Transports(egress)
    try:
        yield transports
    finally:
        await transports.close()
        await egress.close()
