"""Real MCP clients sign in by themselves, given nothing but a profile's URL: discovery, registration, consent, call,
refresh, revocation. Dana's browser is an HTTP visitor that presses Allow."""

from __future__ import annotations

import asyncio
import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from django.conf import settings
from mcp.client import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientInformationFull, OAuthClientMetadata, OAuthToken
from pytest_django import DjangoDbBlocker

from harriet.people.models import User
from tests.clients.conftest import Company
from tests.clients.node import INSPECTOR, MCP_REMOTE, node, run
from tests.clients.sign_in_visit import Browser, members_of
from tests.clients.test_call_from_real_clients import CALLS, check, list_and_call
from tests.servers.running import free_port
from tests.stage.site import session_for

pytestmark = pytest.mark.clients

NPM_OAUTH = Path(__file__).parent / "npm_oauth.mjs"


@pytest.fixture
def browser(company: Company, django_db_blocker: DjangoDbBlocker) -> Browser:
    with django_db_blocker.unblock():
        return Browser(session_for(User.objects.get(email="dana@acme.test")))


class Storage:
    """What a client keeps between its runs."""

    tokens: OAuthToken | None = None
    client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info


def provider(company: Company, browser: Browser, storage: Storage) -> OAuthClientProvider:
    sent_back: list[dict[str, str]] = []

    async def open_browser(address: str) -> None:
        sent_back.append(members_of(await asyncio.to_thread(browser.allow, address)))

    async def answer() -> AuthorizationCodeResult:
        return AuthorizationCodeResult(**sent_back[-1])

    metadata = OAuthClientMetadata(client_name="Python SDK", redirect_uris=["http://localhost:3030/callback"])
    return OAuthClientProvider(company.url, metadata, storage, open_browser, answer)


async def test_python_sdk(company: Company, browser: Browser) -> None:
    storage = Storage()
    auth = provider(company, browser, storage)
    async with httpx2.AsyncClient(auth=auth, timeout=30) as http:
        check(*await list_and_call(Client(streamable_http_client(company.url, http_client=http))))
        assert len(browser.seen) == 1 and storage.tokens and storage.client
        assert storage.tokens.scope == "tools.read tools.write tools.dangerous"
        before, auth.context.token_expiry_time = storage.tokens, time.time() - 1
        check(*await list_and_call(Client(streamable_http_client(company.url, http_client=http))))
        assert storage.tokens.access_token != before.access_token, "refreshed"
        assert storage.tokens.refresh_token != before.refresh_token and len(browser.seen) == 1, "without a question"
    await asyncio.to_thread(revoke, company, storage.tokens.refresh_token, storage.client)
    await asyncio.to_thread(until_refused, company, storage.tokens.access_token)


def revoke(company: Company, token: str | None, client: OAuthClientInformationFull) -> None:
    issuer = company.url.replace("/mcp/acme/work", "/oauth/acme")
    form = {"token": token, "client_id": client.client_id, "client_secret": client.client_secret}
    assert httpx2.post(f"{issuer}/revoke", data={name: one for name, one in form.items() if one}).status_code == 200


def until_refused(company: Company, token: str) -> None:
    """Within a second, or two on a busy machine."""
    end = time.monotonic() + 60
    while (answer := _ping(company, token)).status_code != 401:
        assert time.monotonic() < end, answer.text
        time.sleep(0.05)
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


def _ping(company: Company, token: str) -> httpx2.Response:
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json, text/event-stream"}
    return httpx2.post(company.url, json={"jsonrpc": "2.0", "id": 1, "method": "ping"}, headers=headers)


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_npm_sdk(company: Company, browser: Browser, version: str, tmp_path: Path) -> None:
    cookie = f"{settings.SESSION_COOKIE_NAME}={browser.session}"
    said: dict[str, Any] = json.loads(run(NPM_OAUTH, version, company.url, cookie, json.dumps(CALLS), home=tmp_path))
    check(said["tools"], said["texts"])
    assert said["again"] >= len(CALLS) and said["refreshed"] == 1, "with a lost access token it refreshes"
    client = OAuthClientInformationFull.model_validate({**said, "redirect_uris": ["http://127.0.0.1:7777/callback"]})
    revoke(company, said["refresh_token"], client)
    until_refused(company, said["access_token"])


async def test_mcp_remote(company: Company, browser: Browser, tmp_path: Path) -> None:
    """As Claude Desktop uses it. It opens a browser by a program, which here hands the address over."""
    opener, opened = tmp_path / "open", tmp_path / "opened"
    opener.write_text(f'#!/bin/sh\necho "$1" > "{opened}.new" && mv "{opened}.new" "{opened}"\n')
    opener.chmod(0o700)
    arguments = [str(MCP_REMOTE), company.url, "--allow-http"]
    env = {"MCP_REMOTE_CONFIG_DIR": str(tmp_path / "kept"), "BROWSER": str(opener), "HOME": str(tmp_path)}
    errors = (tmp_path / "said").open("w+")
    remote = stdio_client(StdioServerParameters(command=node(), args=arguments, env=env), errlog=errors)
    visitor = asyncio.create_task(asyncio.to_thread(visit_when_told, tmp_path / "said", browser.allow_and_follow))
    async with asyncio.timeout(180):
        check(*await list_and_call(Client(remote)))
    await visitor


def visit_when_told(log: Path, visit: Callable[[str], None]) -> None:
    """Programs that open a browser print the address, too."""
    end = time.monotonic() + 60
    while True:
        found = [line.strip() for line in log.read_text().splitlines() if "/oauth/acme/authorize?" in line]
        if found:
            visit(found[0][found[0].index("http") :])
            return
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.1)


def test_inspector(company: Company, browser: Browser, tmp_path: Path) -> None:
    """It keeps what it got: the second run asks nobody, and a new login gives the tokens back first."""
    port = free_port()
    listed = inspect(company, browser, tmp_path, "--callback-url", f"http://127.0.0.1:{port}/oauth/callback")
    assert "sdk_echo" in listed and len(browser.seen) == 1
    assert "sdk_echo" in inspect(company, browser, tmp_path, "--stored-auth-only") and len(browser.seen) == 1
    again = inspect(
        company, browser, tmp_path, "--relogin", "--callback-url", f"http://127.0.0.1:{port}/oauth/callback"
    )
    assert "sdk_echo" in again and len(browser.seen) == 2


def inspect(company: Company, browser: Browser, home: Path, *more: str) -> str:
    """What it prints. Where it wants a browser, it gets one."""
    arguments = [str(INSPECTOR), "--cli", company.url, "--transport", "http", "--method", "tools/list"]
    env = {"PATH": f"{Path(node()).parent}:/usr/bin:/bin", "HOME": str(home), "MCP_AUTO_OPEN_ENABLED": "true"}
    env["MCP_INSPECTOR_SECRET_STORE"] = "file"  # there is no keychain
    errors = home / f"said-{len(browser.seen)}-{len(more)}"
    with (
        errors.open("w") as told,
        subprocess.Popen(
            [node(), *arguments, *more], cwd=home, env=env, stdout=subprocess.PIPE, stderr=told, text=True
        ) as inspector,
    ):
        if "--stored-auth-only" not in more:
            visit_when_told(errors, browser.allow_and_follow)
        printed, _ = inspector.communicate(timeout=180)
    assert inspector.returncode == 0, printed + errors.read_text()
    return printed
