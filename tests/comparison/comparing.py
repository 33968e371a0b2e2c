"""The same requests directly and through Harriet, and how the answers differ."""

from __future__ import annotations

import http.client
import json
import re
from itertools import count
from typing import Any
from urllib.parse import urlsplit

MODERN = "2026-07-28"
ABLE = {"elicitation": {"form": {}, "url": {}}, "sampling": {}, "roots": {}}
"""Some servers offer more to clients that can be asked. Harriet keeps one list for everybody: theirs."""
PREFIX = "io.modelcontextprotocol/"
ADDED = {"harriet/requestId": "names the call in the audit log", f"{PREFIX}serverInfo": "the next hop is Harriet"}
"""Members of a result's `_meta` that are Harriet's, each with its reason."""
RENAMED = {"grüße an/alle": "gr__e_an_alle_2344fc68"}
"""Model APIs refuse such a name."""
OF_LISTS = {"ttlMs": "lists change with a person's rights, too", "cacheScope": "what one person sees is theirs alone"}
"""Members of a list in 2026-07-28 that are Harriet's to say."""
CLOCK = re.compile(r"(?<=created at )\d{1,2}:\d\d:\d\d\s[AP]M")
"""A server that writes when it answered answers the second request later than the first."""


class Asking:
    """A client of one era at one address, with a session where there are any."""

    def __init__(self, url: str, token: str = "", *, era: str = "legacy") -> None:
        parts = urlsplit(url)
        self.host, self.path, self.era = parts.netloc, parts.path, era
        self.token, self.session = token, ""
        self._ids = count(1)
        if era == "legacy":
            info = {"name": "comparing", "version": "1"}
            hello = {"protocolVersion": "2025-11-25", "capabilities": ABLE, "clientInfo": info}
            self.greeting = self.ask("initialize", hello)
            self._send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def ask(self, method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        """The members `result` or `error` of the answer."""
        params = dict(params or {})
        if self.era == "modern":
            own = {"protocolVersion": MODERN, "clientInfo": {"name": "comparing", "version": "1"}}
            envelope = {f"{PREFIX}{key}": value for key, value in (own | {"clientCapabilities": ABLE}).items()}
            params["_meta"] = {**params.get("_meta", {}), **envelope}
        message = {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": params}
        answer = self._send(message)
        return {key: answer[key] for key in ("result", "error") if key in answer}

    def every(self, method: str, member: str) -> dict[str, Any]:
        """A list with all its pages as one."""
        page = self.ask(method)
        whole = page
        while "result" in page and page["result"].get("nextCursor"):
            page = self.ask(method, {"cursor": page["result"]["nextCursor"]})
            whole["result"][member] += page["result"][member]
        if "result" in whole:
            whole["result"].pop("nextCursor", None)
        return whole

    def _send(self, message: dict[str, Any]) -> dict[str, Any]:
        connection = http.client.HTTPConnection(self.host, timeout=60)
        try:
            connection.request("POST", self.path, json.dumps(message).encode(), self._headers(message))
            response = connection.getresponse()
            self.session = response.getheader("mcp-session-id") or self.session
            return self._answer(response, message.get("id"))
        finally:
            connection.close()

    def _answer(self, response: http.client.HTTPResponse, rpc_id: Any) -> dict[str, Any]:
        if not (response.getheader("content-type") or "").startswith("text/event-stream"):
            body = response.read()
            return dict(json.loads(body)) if body else {}
        while line := response.readline():
            if line.startswith(b"data:") and line[5:].strip():
                said = json.loads(line[5:])
                if said.get("id") == rpc_id and "method" not in said:
                    return dict(said)
        raise AssertionError("the stream ended without an answer")

    def _headers(self, message: dict[str, Any]) -> dict[str, str]:
        headers = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
        headers["mcp-protocol-version"] = MODERN if self.era == "modern" else "2025-11-25"
        if self.era == "modern":
            headers["mcp-method"] = message["method"]
            named = message.get("params", {})
            name, region = named.get("name", named.get("uri")), named.get("arguments", {}).get("region")
            headers |= {"mcp-name": name} if name else {}
            headers |= {"mcp-param-region": region} if region else {}
        if self.token:
            headers["authorization"] = f"Bearer {self.token}"
        if self.session:
            headers["mcp-session-id"] = self.session
        return headers


def without_own(answer: dict[str, Any]) -> dict[str, Any]:
    """Without what is Harriet's, or the server's own of the same kind."""
    result = answer.get("result")
    if not isinstance(result, dict):
        return answer
    meta = {key: value for key, value in (result.get("_meta") or {}).items() if key not in ADDED}
    is_list = any(isinstance(result.get(what), list) for what in ("tools", "prompts", "resources", "resourceTemplates"))
    kept = {key: value for key, value in result.items() if key != "_meta" and not (is_list and key in OF_LISTS)}
    return {"result": {**kept, **({"_meta": meta} if meta else {})}}


def differences(one: Any, other: Any, where: str = "") -> list[str]:
    """Where two JSON values differ, and how; numbers of another form differ, too."""
    if isinstance(one, dict) and isinstance(other, dict):
        pairs = ((key, one.get(key, _NONE), other.get(key, _NONE)) for key in dict.fromkeys([*one, *other]))
        return [line for key, *pair in pairs for line in differences(*pair, f"{where}.{key}")]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        both = enumerate(zip(one, other, strict=True))
        return [line for number, pair in both for line in differences(*pair, f"{where}[{number}]")]
    if type(one) is type(other) and _timeless(one) == _timeless(other):
        return []
    return [f"{where or 'all'}: {_short(one)} directly, {_short(other)} through Harriet"]


def _timeless(value: Any) -> Any:
    return CLOCK.sub("now", value) if isinstance(value, str) else value


class _Nothing:
    def __repr__(self) -> str:
        return "nothing"


_NONE = _Nothing()


def _short(value: Any) -> str:
    return repr(value)[:300]
