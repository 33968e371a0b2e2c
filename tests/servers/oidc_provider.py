"""Starts the strict OpenID provider, npm `oidc-provider`, and a sample MCP server that takes its tokens alone."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import httpx2

from tests.clients.node import node
from tests.servers.running import ROOT
from tests.stage.processes import Process

PROGRAM = ROOT / "tests/servers/oidc_provider.mjs"
SAMPLE = {
    "client_id": "sample",
    "client_secret": "the-sample-servers-own-secret",
    "grant_types": [],
    "redirect_uris": [],
    "response_types": [],
}
"""As which the sample server asks the provider whose token it was sent."""


class Provider(Process):
    """An authorization server with rotation and reuse detection; `url` is its issuer."""

    def __init__(self, *clients: dict[str, Any], log: Path | None = None, **settings: Any) -> None:
        """`clients`: registered beforehand, as their metadata; `settings`: what the program takes."""
        said = json.dumps({"clients": [SAMPLE, *clients], **settings})
        ready = "/.well-known/openid-configuration"
        super().__init__([node(), str(PROGRAM), "{port}", said], ready=ready, log=log)

    @property
    def log_entries(self) -> list[dict[str, Any]]:
        return list(json.loads(self.get("/test/log").body))

    def requests(self, path: str = "/token", **like: Any) -> list[dict[str, Any]]:
        """What reached an endpoint that clients call, oldest first."""
        return [one for one in self.log_entries if one["path"] == path and like.items() <= one.items()]

    def set(self, **settings: Any) -> None:
        assert self.send("POST", "/test/set", json.dumps(settings).encode(), {}).status == 200

    def register(self, **metadata: Any) -> dict[str, Any]:
        """A web application, as its admin makes it on the provider's page."""
        answer = self.send("POST", "/reg", json.dumps(metadata).encode(), {"content-type": "application/json"})
        assert answer.status == 201, answer.body
        return dict(json.loads(answer.body))

    def remove(self, account: str, client_id: str) -> None:
        """They can't sign in there any more, and the client is told."""
        said = json.dumps({"account": account, "client": client_id}).encode()
        assert self.send("POST", "/test/remove", said, {}).status == 200


class Protected(Process):
    """The sample MCP server of tests/servers/protected.py behind a provider."""

    def __init__(self, provider: Provider, era: str = "modern", *, log: Path | None = None) -> None:
        command = [sys.executable, "-m", "uvicorn", "tests.servers.protected:app", "--port", "{port}"]
        super().__init__(
            [*command, "--lifespan", "off", "--log-level", "warning"],
            ready="/log",
            log=log,
            UPSTREAM_ERA=era,
            PROTECTED_BY=provider.url,
            PROTECTED_URL="http://127.0.0.1:{port}/mcp",
        )

    @property
    def mcp(self) -> str:
        return f"{self.url}/mcp"

    @property
    def calls(self) -> list[dict[str, Any]]:
        """Each call with the subject of its token: {subject, client, scope, arguments}."""
        return list(json.loads(self.get("/log").body))

    def forget(self) -> None:
        self.get("/log", "DELETE")


def go_through(url: str, account: str, *, denies: bool = False) -> str:
    """What somebody's browser does at the provider: they sign in, and consent or cancel. Gives the address that they
    are sent back to, which is not visited."""
    with httpx2.Client(timeout=30) as browser:
        answer = browser.get(url)
        for _ in range(12):
            while answer.is_redirect:
                leads_to = urljoin(str(answer.url), answer.headers["location"])
                if urlsplit(leads_to).netloc != urlsplit(url).netloc:
                    return leads_to
                answer = browser.get(leads_to)
            form = re.search(r'action="([^"]+)"', answer.text)
            prompt = re.search(r'name="prompt" value="(\w+)"', answer.text)
            assert form and prompt, answer.text[:500]
            if denies:
                answer = browser.get(f"{form[1]}/abort")
            else:
                answer = browser.post(form[1], data={"prompt": prompt[1], "login": account, "password": "any"})
    raise AssertionError("the provider never sends back")


def tokens_of(provider: Provider, client: dict[str, Any], account: str, resource: str) -> dict[str, Any]:
    """What the provider gives a client for somebody who consents."""
    verifier = secrets.token_urlsafe(40)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "client_id": client["client_id"],
        "response_type": "code",
        "scope": "openid email tools.read",
        "resource": resource,
        "redirect_uri": client["redirect_uris"][0],
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    back = go_through(f"{provider.url}/auth?{urlencode(asked)}", account)
    code = dict(parse_qsl(urlsplit(back).query))["code"]
    fields = {"grant_type": "authorization_code", "code": code, "code_verifier": verifier, "resource": resource}
    with httpx2.Client(auth=(client["client_id"], client["client_secret"]), timeout=30) as http:
        answer = http.post(f"{provider.url}/token", data={**fields, "redirect_uri": asked["redirect_uri"]})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())
