"""A Harriet for measuring: its own PostgreSQL and Redis, one organization, one connector, one token."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Any, Self

import psutil

ROOT = Path(__file__).resolve().parents[2]


class BenchSite:
    """Starts when entered; ends all that it started when left."""

    def __init__(self, folder: Path, era: str, pinned: Callable[..., list[str]], *, workers: int = 1) -> None:
        self._folder, self._era, self._pinned, self._workers = folder, era, pinned, workers
        self.start_seconds = 0.0
        self._children: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        from harriet.start.embedded import start_embedded

        self._embedded = start_embedded(self._folder)
        try:
            self._prepare_database()
            self.upstream, self.upstream_url = self._start_upstream()
            self.token = self._fill()
            self.gateway, url = self._start_gateway()
        except BaseException:
            self._stop()
            raise
        self.gateway_url = f"{url}/mcp/acme/work"
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop()

    def _stop(self) -> None:
        for child in reversed(self._children):
            child.terminate()
            child.wait(20)
        self._embedded.stop()

    def _prepare_database(self) -> None:
        from harriet.lib.keyfile import make_keys

        make_keys(self._folder / "keys")
        os.environ.update(
            {
                "HARRIET_RUN_DIR": str(self._folder),
                "HARRIET_KEYS_DIR": str(self._folder / "keys"),
                "DATABASE_URL": self._embedded.addresses["database_owner_url"],
                "DATABASE_OWNER_URL": self._embedded.addresses["database_owner_url"],
                "REDIS_URL": self._embedded.addresses["redis_url"],
                "DJANGO_SETTINGS_MODULE": "harriet.settings",
            }
        )
        migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0", "--skip-checks"]
        subprocess.run(migrate, cwd=ROOT, check=True)

    def _start(self, cpu: int, ready: str, *command: str, **environment: str) -> tuple[psutil.Process, str]:
        from tests.gateway.processes import Process

        log = self._folder / "bench.log"
        process = Process(self._pinned(cpu, *command), ready=ready, log=log, **environment)
        self._children.append(process.child)
        process.wait()
        return psutil.Process(process.child.pid), process.url

    def _start_upstream(self) -> tuple[psutil.Process, str]:
        command = [sys.executable, "-m", "uvicorn", "tests.bench.upstream:app", "--port", "{port}"]
        quiet = ["--lifespan", "off", "--no-access-log", "--log-level", "warning"]
        process, url = self._start(1, "/", *command, *quiet, BENCH_ERA=self._era)
        return process, f"{url}/mcp"

    def _start_gateway(self) -> tuple[psutil.Process, str]:
        from harriet.start.processes import WORKER

        command = [sys.executable, "-m", "gunicorn", "-k", WORKER, "-b", "127.0.0.1:{port}", "--workers"]
        began = monotonic()
        started = self._start(
            0, "/health/ready", *command, str(self._workers), "--no-control-socket", "harriet.asgi:application"
        )
        self.start_seconds = monotonic() - began
        return started

    def _fill(self) -> str:
        import django

        django.setup()
        from tests.bench.upstream import TOOLS
        from tests.cast import make_cast
        from tests.gateway.office import Office

        office = Office(make_cast(), self.upstream_url, definitions=TOOLS)
        from django.db import connection

        connection.close()
        return office.token

    def check_audit(self) -> None:
        """Every call that was counted stands in the audit log, twice."""
        from audit.models import Event

        counted: dict[str, Any] = {
            code: Event.objects.filter(code=code).count() for code in ("call.intent", "call.outcome")
        }
        print(f"audit: {counted['call.intent']} intents, {counted['call.outcome']} outcomes")
        if counted["call.intent"] != counted["call.outcome"]:
            raise SystemExit("Some calls have no outcome.")
