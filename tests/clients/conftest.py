"""One company for all clients, set up as an admin would: a set-up file, and a token from the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker

from tests import database
from tests.clients.node import everything_server
from tests.servers.running import ROOT, SdkServer, sdk_server
from tests.stage.clients import Client
from tests.stage.processes import Gateway

SECRET = "acme-secret-1f7c/a+b=c"
PROFILE = "/mcp/acme/work"


@dataclass(frozen=True)
class Company:
    """Acme behind its gateway: where a client connects, with which token, and what the servers saw."""

    url: str
    token: str
    servers: tuple[SdkServer, ...]


@pytest.fixture(scope="package")
def company(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Company]:
    folder = tmp_path_factory.mktemp("clients")
    from tests.stage.site import collect_static

    collect_static()  # of the page that asks for consent
    gateway = Gateway(log=folder / "gateway.log", HARRIET_BASE_URL="http://127.0.0.1:{port}")
    with django_db_blocker.unblock(), sdk_server(folder) as sdk, everything_server(folder) as everything:
        try:
            token = set_up(folder, sdk.url, everything.url)
            gateway.wait()
            Client(gateway, token, PROFILE).until(200)
            yield Company(gateway.url + PROFILE, token, (sdk, everything))
        finally:
            gateway.stop()
            database.copy_template()


def set_up(folder: Path, sdk: str, everything: str) -> str:
    """The commands of docs/setup-file.md; gives Dana's token."""
    file = folder / "acme.json"
    file.write_text(json.dumps(setup_file(sdk, everything)))
    said = manage("apply", str(file))
    assert "created  connector sdk\n" in said and "created  profile work\n" in said
    dana = ("--person", "dana@acme.test", "--device", "Dana's laptop")
    return manage("issue_token", "--organization", "acme", "--profile", "work", *dana).removesuffix("\n")


def setup_file(sdk: str, everything: str) -> dict[str, object]:
    shared = {"kind": "native", "allow_internal": True}
    shared["authentication"] = {"type": "bearer", "secret": {"env": "ACME_SECRET"}}
    tools = {"*": {"enabled": True, "groups": ["sales"], "risk": "read_only"}}
    return {
        "organization": {"slug": "acme", "name": "Acme"},
        "groups": ["sales"],
        "people": [{"email": "dana@acme.test", "role": "member", "groups": ["sales"]}],
        "connectors": [
            {"slug": "sdk", "name": "SDK", "url": sdk, **shared, "tools": {**tools, "wait": {"enabled": False}}},
            {
                "slug": "every",
                "name": "Everything",
                "url": everything,
                **shared,
                "tools": {**tools, "get-structured-content": {"requires_confirmation": True}},
            },
        ],
        "profiles": [
            {"slug": "work", "name": "Work", "groups": ["sales"], "connectors": ["sdk", "every"], "prefix": True}
        ],
    }


def manage(*arguments: str) -> str:
    env = {**os.environ, "ACME_SECRET": SECRET}
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
