"""The suite's scenarios for authorization servers, against an organization of Harriet's. Dana's browser is an HTTP
visitor that presses Allow.

The client is a public one: where a server takes clients without a secret, the suite never sends one.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import pytest

from tests.clients.node import node
from tests.clients.sign_in_visit import Browser
from tests.conformance.report import note
from tests.conformance.suite import SUITE, rows_in, table
from tests.servers.running import free_port

if TYPE_CHECKING:
    from tests.stage.cast import Cast

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]


@pytest.fixture
def harriet(committed_cast: Cast, tmp_path: Path) -> Iterator[str]:
    """Where it is served; Dana has the profile Work there."""
    from tests.stage.profiles import profile
    from tests.stage.site import collect_static, serve

    profile(committed_cast.acme, groups=[committed_cast.sales])
    collect_static()
    with serve(tmp_path) as url:
        yield url


def test_harriet_passes_as_authorization_server(harriet: str, committed_cast: Cast, tmp_path: Path) -> None:
    from tests.stage.site import session_for

    browser = Browser(session_for(committed_cast.dana))
    verdict = run(harriet, browser, tmp_path)
    rows = rows_in(tmp_path)
    note(table("Authorization server", rows))
    assert [(row.scenario, row.failures, row.warnings) for row in rows if row.failed or row.warnings] == []
    assert verdict == 0 and sum(row.passed for row in rows) == 3, rows


def run(harriet: str, browser: Browser, folder: Path) -> int:
    """The suite prints the address that its person should open, and waits for the answer."""
    port, issuer = free_port(), f"{harriet}/oauth/acme"
    metadata = {"redirect_uris": [f"http://127.0.0.1:{port}/callback"], "token_endpoint_auth_method": "none"}
    client = httpx2.post(f"{issuer}/register", json=metadata | {"client_name": "The suite"}, timeout=60).json()
    command = [node(), str(SUITE), "authorization", "--url", issuer, "--port", str(port), "-o", str(folder)]
    command += ["--client-id", client["client_id"], "--resource", f"{harriet}/mcp/acme/work"]
    environment = {**os.environ, "PATH": f"{Path(node()).parent}:{os.environ['PATH']}"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as suite:
        assert suite.stdout is not None
        for line in suite.stdout:
            if (found := re.match(r"https?://\S+/authorize\?\S+", line)) is not None:
                browser.allow_and_follow(found[0])
    return suite.returncode
