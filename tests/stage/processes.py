"""Real processes for the gateway's stories: gunicorn with Harriet in it, and a server to put behind it."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from harriet.start.processes import WORKER
from tests.servers.running import ROOT, free_port

KEPT = "75"
"""Seconds for which a server keeps a connection, as ours does for real: whoever takes one up in the very moment in
which it is closed has no answer, and that moment comes soon where it is kept for two."""


class Answer:
    """An HTTP answer, and the JSON-RPC messages in it."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()

    @property
    def messages(self) -> list[dict[str, Any]]:
        if self.headers.get("content-type", "").startswith("text/event-stream"):
            lines = self.body.decode().replace("\r\n", "\n").split("\n")
            return [json.loads(line[5:]) for line in lines if line.startswith("data:") and line[5:].strip()]
        return [json.loads(self.body)] if self.body else []

    @property
    def json(self) -> Any:
        return self.messages[-1]

    @property
    def result(self) -> dict[str, Any]:
        assert "result" in self.json, self.json
        return dict(self.json["result"])

    @property
    def error(self) -> dict[str, Any]:
        assert "error" in self.json, self.json
        return dict(self.json["error"])

    @property
    def text(self) -> str:
        return str(self.result["content"][0]["text"])


class Process:
    """A program of ours that listens on a port of its own."""

    def __init__(
        self, command: list[str], *, ready: str, is_ready: int = 200, log: Path | None = None, **environment: str
    ) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._ready, self._is_ready = ready, is_ready
        self.log = log
        self._command = [part.replace("{port}", str(self.port)) for part in command]
        mine = {name: value.replace("{port}", str(self.port)) for name, value in environment.items()}
        patience = {"UVICORN_TIMEOUT_KEEP_ALIVE": KEPT, "UVICORN_TIMEOUT_GRACEFUL_SHUTDOWN": "3"}
        self._environment = {**os.environ, **patience, **mine}
        self.child = self._spawn()

    def _spawn(self) -> subprocess.Popen[bytes]:
        output = self.log.open("ab") if self.log else subprocess.DEVNULL
        return subprocess.Popen(
            self._command, cwd=ROOT, env=self._environment, stdout=output, stderr=output, start_new_session=True
        )

    def kill_and_restart(self) -> None:
        """SIGKILL, and the same program at the same address again."""
        self.stop(signal.SIGKILL)
        self.child = self._spawn()
        self.wait()

    def wait(self, seconds: float = 120) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                if self.get(self._ready).status == self._is_ready:
                    return
            except OSError:
                time.sleep(0.05)
            assert self.child.poll() is None, self.tail()
        raise AssertionError(f"not ready: {self.tail()}")

    def tail(self) -> str:
        return self.log.read_text()[-3000:] if self.log else ""

    def get(self, path: str, method: str = "GET", headers: dict[str, str] | None = None) -> Answer:
        return self.send(method, path, b"", headers or {})

    def send(self, method: str, path: str, body: bytes, headers: dict[str, str] | list[tuple[str, str]]) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=180)
        pairs = list(headers.items()) if isinstance(headers, dict) else headers
        try:
            names = {name.lower() for name, _ in pairs}
            connection.putrequest(method, path, skip_host="host" in names, skip_accept_encoding=True)
            for name, value in pairs:
                connection.putheader(name, value.encode() if isinstance(value, str) else value)
            if "content-length" not in names:
                connection.putheader("content-length", str(len(body)))
            connection.endheaders(body)
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def stop(self, how: int = signal.SIGTERM) -> None:
        if self.child.poll() is None:
            os.killpg(self.child.pid, how)
        try:
            self.child.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(self.child.pid, signal.SIGKILL)
            self.child.wait(60)


class Running(Process):
    """A program that somebody else has started, and ends."""

    def __init__(self, url: str) -> None:
        self.url, self.port = url, int(url.rpartition(":")[2])


class Gateway(Process):
    """The web process, which is the gateway and serves the pages."""

    def __init__(self, *, log: Path | None = None, **environment: str) -> None:
        command = [
            *(sys.executable, "-m", "gunicorn", "-k", WORKER, "-b", "127.0.0.1:{port}", "--workers", "1"),
            *("--graceful-timeout", "3", "--keep-alive", KEPT, "--no-control-socket", "harriet.asgi:application"),
        ]
        super().__init__(command, ready="/health/ready", log=log, **environment)


class Upstream(Process):
    def __init__(self, era: str = "legacy", *, log: Path | None = None) -> None:
        command = [
            sys.executable,
            "-m",
            "uvicorn",
            "tests.servers.upstream:app",
            "--port",
            "{port}",
            "--lifespan",
            "off",
        ]
        super().__init__([*command, "--log-level", "warning"], ready="/log", log=log, UPSTREAM_ERA=era)
        self.mcp = f"{self.url}/mcp"

    @property
    def seen(self) -> list[dict[str, Any]]:
        return list(json.loads(self.get("/log").body))

    @property
    def calls(self) -> list[dict[str, Any]]:
        return [entry for entry in self.seen if entry.get("method") == "tools/call"]

    def forget(self) -> None:
        self.get("/log", "DELETE")
