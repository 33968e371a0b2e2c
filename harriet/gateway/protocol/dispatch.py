"""Decides, for every request anew, which protocol era it speaks, and hands it to that era's module."""

from __future__ import annotations

import logging
from typing import Any

from django.db import Error as DatabaseError

from harriet.gateway.errors import NO_DATABASE, OUR_FAULT, RETRY_SOON, RpcRefusal
from harriet.gateway.protocol.legacy import serve_legacy
from harriet.gateway.protocol.messages import error_body, id_in, parse
from harriet.gateway.protocol.modern import serve_modern
from harriet.gateway.protocol.visit import Visit
from harriet.lib.mcp.error_codes import HEADER_MISMATCH, INTERNAL_ERROR
from harriet.lib.mcp.headers import RAW_PROTOCOL_VERSION_HEADER
from harriet.lib.mcp.methods import INITIALIZE
from harriet.lib.mcp.versions import LEGACY_VERSIONS

log = logging.getLogger(__name__)


async def answer(visit: Visit, body: bytes) -> None:
    """Whatever goes wrong from here on, the answer bears the message's id, if it can be read."""
    values, reply = None, visit.exchange.reply
    try:
        values = parse(body)
        if visit.unknown_session is not None and not _begins(values):
            raise RpcRefusal(404, visit.unknown_session.message, status=404)
        await _serve(visit, body, values)
    except RpcRefusal as refusal:
        rpc_id = id_in(body, values)
        await reply.finish(refusal.status or 400, error_body(rpc_id, refusal.code, refusal.message, refusal.error_data))
    except DatabaseError:
        await reply.finish(503, error_body(id_in(body, values), 503, NO_DATABASE), RETRY_SOON)
    except Exception:
        log.exception("A request to the gateway failed.")
        await reply.finish(500, error_body(id_in(body, values), INTERNAL_ERROR, OUR_FAULT))


def _begins(values: Any) -> bool:
    return isinstance(values, dict) and values.get("method") == INITIALIZE


async def _serve(visit: Visit, body: bytes, values: Any) -> None:
    """The era is the version header's alone: clients send the other routing headers in either era, and one client may
    speak both over one connection (SPEC basic/versioning)."""
    exchange = visit.exchange
    version = exchange.headers.get(RAW_PROTOCOL_VERSION_HEADER, b"").decode("latin-1").strip()
    if exchange.has_duplicates and exchange.has_twice(RAW_PROTOCOL_VERSION_HEADER):
        raise RpcRefusal(HEADER_MISMATCH, "The header MCP-Protocol-Version is there twice. Send it once.")
    if version and version not in LEGACY_VERSIONS:
        await serve_modern(visit, version, body, values)
    else:
        await serve_legacy(visit, version, body, values)
