"""Decides, for every request anew, which protocol era it speaks, and hands it to that era's module."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.rows import ProfileRow
from harriet.gateway.compile import Snapshot
from harriet.gateway.errors import RpcRefusal
from harriet.gateway.http import Exchange
from harriet.gateway.principal import Principal
from harriet.gateway.runtime import Runtime
from harriet.gateway.sessions import ClientSession

from . import legacy, modern
from .messages import LEGACY_VERSIONS, error_body, parse

_VERSION = b"mcp-protocol-version"


@dataclass(slots=True)
class Visit:
    """An admitted request: who it is from, and the profile that it is at."""

    runtime: Runtime
    exchange: Exchange
    snapshot: Snapshot
    principal: Principal
    profile: ProfileRow
    session: ClientSession | None = None


async def answer(visit: Visit, body: bytes) -> None:
    """The era is the version header's alone: clients send the other routing headers in either era, and one client may
    speak both over one connection (SPEC basic/versioning)."""
    version = visit.exchange.headers.get(_VERSION, b"").decode("latin-1")
    try:
        values = parse(body)
        if version and version not in LEGACY_VERSIONS:
            await modern.serve(visit, version, body, values)
        else:
            await legacy.serve(visit, version, body, values)
    except RpcRefusal as refusal:
        data = refusal.error_data
        await visit.exchange.reply.finish(refusal.status or 400, error_body(b"", refusal.code, refusal.message, data))
