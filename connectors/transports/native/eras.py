"""What differs between the protocol eras on the way to a server: versions, headers, `_meta`, first messages."""

import re
from typing import Any

import msgspec

from connectors.errors import UpstreamBroken
from connectors.transports.base import Caller, Discovery
from connectors.transports.native.envelope import ErrorObject
from connectors.transports.native.sessions import Session
from harriet.lib.mcp.error_codes import HEADER_MISMATCH, UNSUPPORTED_VERSION
from harriet.lib.mcp.headers import PROTOCOL_VERSION_HEADER, SESSION_ID_HEADER
from harriet.lib.mcp.implementation import HARRIET
from harriet.lib.mcp.meta import (
    CLIENT_CAPABILITIES_KEY,
    CLIENT_INFO_KEY,
    LOG_LEVEL_KEY,
    PROTOCOL_PREFIX,
    PROTOCOL_VERSION_KEY,
    SERVER_INFO_KEY,
)
from harriet.lib.mcp.versions import (
    LEGACY,
    LEGACY_VERSIONS,
    MODERN,
    MODERN_VERSION,
    NEWEST_LEGACY,
    SENDS_VERSION_HEADER,
)
from harriet.lib.text import quoted

BASE_HEADERS = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
MODERN_HEADERS = {**BASE_HEADERS, PROTOCOL_VERSION_HEADER: MODERN_VERSION}

_SESSION_ID = re.compile(r"[\x21-\x7e]{1,1024}")

MODERN_META = {
    PROTOCOL_VERSION_KEY: MODERN_VERSION,
    CLIENT_INFO_KEY: HARRIET,
    CLIENT_CAPABILITIES_KEY: {},
}
_MODERN_META_MEMBER = b'"_meta":' + msgspec.json.encode(MODERN_META)

OURS_TO_MEND = frozenset({HEADER_MISMATCH, UNSUPPORTED_VERSION})
"""Errors about the request as Harriet made it, not about what the client asked."""


def modern_meta(meta: dict[str, Any] | None, caller: Caller) -> bytes:
    """The `_meta` member of a modern request: the client's own keys, and who is calling: Harriet, for a client that
    can be asked so much."""
    if not meta and not caller.is_interactive:
        return _MODERN_META_MEMBER
    kept = {
        key: value for key, value in (meta or {}).items() if not key.startswith(PROTOCOL_PREFIX) or key == LOG_LEVEL_KEY
    }
    capabilities = {CLIENT_CAPABILITIES_KEY: msgspec.Raw(caller.capabilities)}
    return b'"_meta":' + msgspec.json.encode({**kept, **MODERN_META, **capabilities})


def legacy_meta(meta: dict[str, Any] | None) -> bytes:
    """The `_meta` member of a legacy request, empty when there is nothing to say."""
    kept = {key: value for key, value in meta.items() if not key.startswith(PROTOCOL_PREFIX)} if meta else {}
    return b'"_meta":' + msgspec.json.encode(kept) if kept else b""


def log_level(meta: dict[str, Any] | None) -> str:
    """What a modern request says itself, a legacy session must be told."""
    level = meta.get(LOG_LEVEL_KEY) if meta else None
    return level if isinstance(level, str) else ""


def initialize(capabilities: bytes, version: str = NEWEST_LEGACY) -> dict[str, Any]:
    """The params of the handshake (SPEC 2025-11-25 lifecycle); `capabilities` as JSON."""
    return {"protocolVersion": version, "capabilities": msgspec.Raw(capabilities), "clientInfo": HARRIET}


def new_session(discovery: Discovery, session_id: str) -> Session:
    """Raises UpstreamBroken."""
    version = discovery.protocol_version
    if session_id and not _SESSION_ID.fullmatch(session_id):
        raise UpstreamBroken("The server gave a session id that can't be sent back to it.")
    headers = dict(BASE_HEADERS)
    if session_id:
        headers[SESSION_ID_HEADER] = session_id
    if version in SENDS_VERSION_HEADER:
        headers[PROTOCOL_VERSION_HEADER] = version
    return Session(version, session_id, headers, frozenset(discovery.capabilities))


def read_initialized(result: dict[str, Any]) -> Discovery:
    """Raises UpstreamBroken."""
    version = result.get("protocolVersion")
    if version not in LEGACY_VERSIONS:
        raise UpstreamBroken(
            f"The server speaks the MCP version {quoted(str(version), 120)}, which Harriet doesn't know."
        )
    return _discovery(LEGACY, version, result)


def read_discovered(result: dict[str, Any]) -> Discovery | None:
    """None when the server wants to be spoken to as before 2026-07-28."""
    versions = result.get("supportedVersions")
    if not isinstance(versions, list) or MODERN_VERSION not in versions:
        return None
    return _discovery(MODERN, MODERN_VERSION, result)


def is_offered(error: ErrorObject) -> bool:
    """Whether a server that refused our version says that it speaks it after all."""
    try:
        return MODERN_VERSION in _SUPPORTED(error.data).supported
    except msgspec.MsgspecError:
        return False


class _Supported(msgspec.Struct):
    supported: list[str]


_SUPPORTED = msgspec.json.Decoder(_Supported).decode


def _discovery(era: str, version: str, result: dict[str, Any]) -> Discovery:
    meta = _object(result.get("_meta"))
    instructions = result.get("instructions")
    return Discovery(
        era=era,
        protocol_version=version,
        server_info=_object(result.get("serverInfo") or meta.get(SERVER_INFO_KEY)),
        capabilities=_offered(_object(result.get("capabilities"))),
        instructions=instructions if isinstance(instructions, str) else "",
    )


def _offered(capabilities: dict[str, Any]) -> dict[str, Any]:
    """What is null or false isn't there; anything else than an object says nothing more than that it is."""
    there = {name: one for name, one in capabilities.items() if one is not None and one is not False}
    return {name: one if isinstance(one, dict) else {} for name, one in there.items()}


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
