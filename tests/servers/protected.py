"""A sample MCP server that takes the tokens of one provider alone, bound to itself, and logs whose each call's was.

PROTECTED_BY is the provider's issuer, PROTECTED_URL the server's own address, UPSTREAM_ERA that of `upstream`. GET /log
gives the calls, DELETE /log forgets them.
"""

from __future__ import annotations

import json
import os
from typing import Any

import httpx2

from tests.servers import upstream

ISSUER, RESOURCE = os.environ.get("PROTECTED_BY", ""), os.environ.get("PROTECTED_URL", "")
METADATA = "/.well-known/oauth-protected-resource/mcp"
SCOPES = ["tools.read", "tools.write"]
CALLS: list[dict[str, Any]] = []
_asking = httpx2.AsyncClient(auth=("sample", "the-sample-servers-own-secret"), timeout=30)


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        return
    if scope["path"] == METADATA:
        said = {"resource": RESOURCE, "authorization_servers": [ISSUER], "scopes_supported": SCOPES}
        await upstream.send_json(send, 200, said)
    elif scope["path"] == "/log":
        if scope["method"] == "DELETE":
            CALLS.clear()
        await upstream.send_json(send, 200, CALLS)
    elif scope["method"] != "POST":
        await upstream.send_json(send, 405, None, (b"allow", b"POST"))
    else:
        await _answer(scope, receive, send)


async def _answer(scope: Any, receive: Any, send: Any) -> None:
    headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
    token = await _whose(headers.get("authorization", "").removeprefix("Bearer "))
    if token is None:
        where = RESOURCE.removesuffix("/mcp") + METADATA
        challenge = f'Bearer resource_metadata="{where}", scope="{" ".join(SCOPES)}"'.encode()
        await upstream.send_json(send, 401, {"error": "invalid_token"}, (b"www-authenticate", challenge))
        return
    message = json.loads(await upstream.read(receive))
    if message.get("method") == "tools/call":
        told = {"subject": token["sub"], "client": token["client_id"], "scope": token.get("scope", "")}
        CALLS.append({**told, "arguments": message["params"].get("arguments", {})})
    await upstream.serve(message, receive, send, "")


async def _whose(token: str) -> dict[str, Any] | None:
    """What the provider says of a token that it gave for this server; None for any other."""
    if not token:
        return None
    said = (await _asking.post(f"{ISSUER}/token/introspection", data={"token": token})).json()
    return said if said.get("active") and said.get("aud") == RESOURCE else None
