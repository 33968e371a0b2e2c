"""Starts the strict OpenID provider, npm `oidc-provider`, and a sample MCP server that takes its tokens alone."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

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
