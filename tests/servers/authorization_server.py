"""An authorization server and the MCP server it protects, in one thread: enough of OAuth 2.1 to be asked by a client,
and as wrong as a test wants it. `documents` are what it publishes, by path; `seen` what it was asked."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

RESOURCE = "/.well-known/oauth-protected-resource"
SERVER = "/.well-known/oauth-authorization-server"
OPENID = "/.well-known/openid-configuration"


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    fields: dict[str, str]
    """Of the query or the form."""
    body: bytes


@dataclass(frozen=True)
class Reply:
    status: int = 200
    body: Any = None
    """Sent as JSON; text as it is."""
    headers: dict[str, str] = field(default_factory=dict)


Answer = Callable[[Asked], Reply]


class AuthorizationServer:
    """`with AuthorizationServer() as server`; `server.path` puts the issuer below a path."""

    def __init__(self, path: str = "") -> None:
        self.documents: dict[str, Any] = {}
        self.pages: dict[str, Answer] = {}
        """Answers by path, in the place of its own."""
        self.seen: list[Asked] = []
        self.codes: dict[str, dict[str, str]] = {}
        self.clients: dict[str, dict[str, Any]] = {}
        self.tokens: list[str] = []
        self.scopes: dict[str, str] = {}
        """Of each token, as they were given."""
        self.needs: dict[str, str] = {}
        """By tool: the scopes that its MCP server wants."""
        self.insists = False
        """Its MCP server wants them of whoever has them, too."""
        self.token_more: dict[str, Any] = {}
        """What its token answers say beside a token."""
        self.userinfo: dict[str, Any] = {}
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)
        self.origin = f"http://127.0.0.1:{self._http.server_address[1]}"
        self.issuer = f"{self.origin}{path}"
        self.url = f"{self.origin}/mcp"
        self.publish()

    def __enter__(self) -> AuthorizationServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()

    def publish(self, **more: Any) -> None:
        """The metadata of both at their usual places; `more` of the authorization server, None takes out."""
        parts = urlsplit(self.issuer)
        metadata = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.origin}/authorize",
            "token_endpoint": f"{self.origin}/token",
            "registration_endpoint": f"{self.origin}/register",
            "userinfo_endpoint": f"{self.origin}/userinfo",
            "revocation_endpoint": f"{self.origin}/revoke",
            "code_challenge_methods_supported": ["S256"],
            "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
            "authorization_response_iss_parameter_supported": True,
            "scopes_supported": ["tickets.read", "tickets.write"],
        } | more
        self.documents[f"{SERVER}{parts.path}"] = {name: one for name, one in metadata.items() if one is not None}
        self.documents[f"{RESOURCE}/mcp"] = {
            "resource": self.url,
            "authorization_servers": [self.issuer],
            "scopes_supported": ["tickets.read"],
        }

    @property
    def metadata(self) -> dict[str, Any]:
        found: dict[str, Any] = self.documents[f"{SERVER}{urlsplit(self.issuer).path}"]
        return found

    @property
    def resource(self) -> dict[str, Any]:
        found: dict[str, Any] = self.documents[f"{RESOURCE}/mcp"]
        return found

    def at(self, path: str) -> list[Asked]:
        return [asked for asked in self.seen if asked.path == path]

    def visit(self, url: str, **changed: str | None) -> dict[str, str]:
        """Somebody signs in and consents at an authorization URL: the parameters that they come back with."""
        asked = dict(parse_qsl(urlsplit(url).query))
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        answer = {"code": code, "state": asked["state"], "iss": self.issuer} | changed
        return {name: value for name, value in answer.items() if value is not None}

    def protect(self, mcp: Callable[[dict[str, Any]], dict[str, Any]], scope: str = "tickets.read") -> None:
        """An MCP server stands at `url`, which takes the tokens that were given here; `mcp` answers its messages."""
        where = f'resource_metadata="{self.origin}{RESOURCE}/mcp", scope="{scope}"'

        def reply(asked: Asked) -> Reply:
            token = asked.headers.get("authorization", "")[7:]
            if token not in self.tokens:
                return Reply(401, {"error": "no"}, {"WWW-Authenticate": f'Bearer realm="mcp", {where}'})
            if asked.method != "POST":
                return Reply(405, "")
            message = json.loads(asked.body)
            wanted = self.needs.get(message.get("params", {}).get("name", ""), "")
            if self.insists or set(wanted.split()) - set(self.scopes[token].split()):
                said = f'Bearer error="insufficient_scope", scope="{wanted}", {where.partition(",")[0]}'
                return Reply(403, {"error": "insufficient_scope"}, {"WWW-Authenticate": said})
            answer = {"jsonrpc": "2.0", "id": message["id"], **mcp(message)} if "id" in message else {}
            return Reply(body=answer) if answer else Reply(202, "")

        self.pages["/mcp"] = reply

    def answer(self, asked: Asked) -> Reply:
        self.seen.append(asked)
        if asked.path in self.pages:
            return self.pages[asked.path](asked)
        if asked.path in self.documents:
            return Reply(body=self.documents[asked.path])
        own = {"/token": self._token, "/register": self._register, "/authorize": self._authorize}
        if asked.path == "/userinfo" and asked.headers.get("authorization", "")[7:] in self.tokens:
            return Reply(body=self.userinfo)
        return own[asked.path](asked) if asked.path in own else Reply(404, "not found")

    def _authorize(self, asked: Asked) -> Reply:
        known = self.clients.get(asked.fields["client_id"], {})
        if asked.fields["redirect_uri"] not in known.get("redirect_uris", ()):
            return Reply(400, {"error": "invalid_request", "error_description": "No such redirect URL is registered."})
        back = self.visit(f"{self.origin}/authorize?{urlencode(asked.fields)}")
        return Reply(302, "", {"Location": f"{asked.fields['redirect_uri']}?{urlencode(back)}"})

    def _register(self, asked: Asked) -> Reply:
        client_id = secrets.token_hex(8)
        given = json.loads(asked.body)
        secret = {} if given["token_endpoint_auth_method"] == "none" else {"client_secret": secrets.token_urlsafe(24)}
        self.clients[client_id] = given | secret
        return Reply(201, {"client_id": client_id, **given, **secret})

    def _token(self, asked: Asked) -> Reply:
        fields, scope = asked.fields, asked.fields.get("scope", "")
        if fields["grant_type"] == "authorization_code":
            code = self.codes.pop(fields["code"], None)
            challenge = hashlib.sha256(fields["code_verifier"].encode()).digest()
            if code is None or code["code_challenge"] != base64.urlsafe_b64encode(challenge).decode().rstrip("="):
                return Reply(400, {"error": "invalid_grant"})
            scope = code.get("scope", "")
        self.tokens.append(secrets.token_urlsafe(16))
        self.scopes[self.tokens[-1]] = self.token_more.get("scope") or scope
        said = {"access_token": self.tokens[-1], "token_type": "Bearer", "expires_in": 3600, "refresh_token": "r-1"}
        return Reply(body={name: one for name, one in (said | self.token_more).items() if one is not None})


def _handler(server: AuthorizationServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(b"")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

        def _answer(self, body: bytes) -> None:
            parts = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            is_form = headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
            fields = dict(parse_qsl(body.decode() if is_form else parts.query))
            reply = server.answer(Asked(self.command, parts.path, headers, fields, body))
            text = reply.body if isinstance(reply.body, str) else json.dumps(reply.body)
            self.send_response(reply.status)
            headers = {"Content-Type": "application/json", "Content-Length": str(len(text.encode()))} | reply.headers
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    return Handler
