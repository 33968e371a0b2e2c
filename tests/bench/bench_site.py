"""A Harriet for measuring: its own PostgreSQL and Redis, one organization, one connector, one token."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep
from types import TracebackType
from typing import Self

import psutil

from tests.bench.crowd import Size, add_connectors, add_people

ROOT = Path(__file__).resolve().parents[2]
SMALL = Size()
QUIET = ("--lifespan", "off", "--no-access-log", "--log-level", "warning")


class BenchSite:
    """Starts when entered; ends all that it started when left."""

    def __init__(
        self,
        folder: Path,
        era: str,
        pinned: Callable[..., list[str]],
        *,
        size: Size = SMALL,
        workers: int = 1,
        machines: int = 1,
        background: bool = False,
    ) -> None:
        """`machines` are gunicorns with `workers` web processes each and run folders and keys of their own, on one
        PostgreSQL and one Redis. `background`: with the Celery worker and beat, which seal the audit log."""
        self._folder, self._era, self._pinned, self._workers = folder, era, pinned, workers
        self._size, self._machines, self._background = size, machines, background
        self.background: list[psutil.Process] = []
        self.start_seconds = 0.0
        self._children: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        from harriet.start.embedded import start_embedded

        self.embedded = start_embedded(self._folder)
        try:
            self._prepare_database()
            self.upstream, self.upstream_url = self._start_upstream()
            self.tokens, self.names = self._fill()
            self.gateways, urls = zip(*[self._start_gateway(number) for number in range(self._machines)], strict=True)
            if self._background:
                self._start_background()
        except BaseException:
            self._stop()
            raise
        self.token, self.gateway = self.tokens[0], self.gateways[0]
        self.gateway_urls = [f"{url}/mcp/acme/work" for url in urls]
        self.gateway_url = self.gateway_urls[0]
        self.callers = self._folder / "callers.json"
        self.callers.write_text(json.dumps({"tokens": self.tokens, "names": self.names}))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop()

    def _stop(self) -> None:
        for child in reversed(self._children):
            child.terminate()
            child.wait(20)
        self.embedded.stop()

    def _prepare_database(self) -> None:
        from harriet.lib.keyfile import make_keys

        make_keys(self._folder / "keys")
        os.environ.update(
            {
                "HARRIET_RUN_DIR": str(self._folder),
                "HARRIET_KEYS_DIR": str(self._folder / "keys"),
                "DATABASE_URL": self.embedded.addresses["database_owner_url"],
                "DATABASE_OWNER_URL": self.embedded.addresses["database_owner_url"],
                "REDIS_URL": self.embedded.addresses["redis_url"],
                "HARRIET_ALLOWED_LOCAL_HOSTS": "127.0.0.1",
                "DJANGO_SETTINGS_MODULE": "harriet.settings",
            }
        )
        migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0", "--skip-checks"]
        subprocess.run(migrate, cwd=ROOT, check=True)

    def _start(self, cpu: int, ready: str, *command: str, **environment: str) -> tuple[psutil.Process, str]:
        from tests.stage.processes import Process

        log = self._folder / "bench.log"
        process = Process(self._pinned(cpu, *command), ready=ready, log=log, **environment)
        self._children.append(process.child)
        process.wait()
        return psutil.Process(process.child.pid), process.url

    def _start_upstream(self) -> tuple[psutil.Process, str]:
        command = [sys.executable, "-m", "uvicorn", "tests.bench.upstream:app", "--port", "{port}"]
        process, url = self._start(1, "/", *command, *QUIET, BENCH_ERA=self._era)
        return process, f"{url}/mcp"

    def start_pass_through(self) -> tuple[psutil.Process, str]:
        """On the gateway's core, before the same server."""
        command = [sys.executable, "-m", "uvicorn", "tests.bench.pass_through:app", "--port", "{port}"]
        process, url = self._start(0, "/", *command, *QUIET, BENCH_SERVER=self.upstream_url)
        return process, f"{url}/mcp"

    def _start_gateway(self, number: int) -> tuple[psutil.Process, str]:
        """Each is a machine of its own: nothing in a folder of another."""
        from harriet.start.processes import WORKER

        command = [sys.executable, "-m", "gunicorn", "-k", WORKER, "-b", "127.0.0.1:{port}", "--workers"]
        run = self._folder / f"machine {number}"
        shutil.copytree(self._folder / "keys", run / "keys")
        own = {"HARRIET_RUN_DIR": str(run), "HARRIET_KEYS_DIR": str(run / "keys")}
        application = ("--no-control-socket", "harriet.asgi:application")
        began = monotonic()
        started = self._start(0, "/health/ready", *command, str(self._workers), *application, **own)
        self.start_seconds = monotonic() - began
        return started

    def _start_background(self) -> None:
        from harriet.start import processes

        for program in (processes.worker({}), processes.beat({})):
            with (self._folder / "background.log").open("ab") as log:
                child = subprocess.Popen(program.argv, cwd=ROOT, stdout=log, stderr=log, start_new_session=True)
            self._children.append(child)
            self.background.append(psutil.Process(child.pid))

    def _fill(self) -> tuple[list[str], list[str]]:
        """Tokens to call with, and names of tools to call."""
        import django

        django.setup()
        from django.db import connection, transaction

        from tests.bench.upstream import definitions
        from tests.stage.cast import make_cast
        from tests.stage.office import Office

        size = self._size
        with transaction.atomic():
            office = Office(make_cast(), self.upstream_url, definitions=definitions(size.tools))
            tokens = [office.token, *add_people(office, size.people - 1)]
            names = ["echo", *add_connectors(office, self.upstream_url, size.connectors - 1)]
            office.changed()
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        connection.close()
        return tokens, names

    def check_audit(self) -> None:
        """Every call that was counted stands in the audit log, twice. An outcome may follow its answer."""
        counted = self._counted()
        end = monotonic() + 10
        while counted["call.intent"] != counted["call.outcome"] and monotonic() < end:
            sleep(0.1)
            counted = self._counted()
        print(f"audit: {counted['call.intent']} intents, {counted['call.outcome']} outcomes")
        if counted["call.intent"] != counted["call.outcome"]:
            raise SystemExit("Some calls have no outcome.")

    def _counted(self) -> dict[str, int]:
        from audit.models import Event

        return {code: Event.objects.filter(code=code).count() for code in ("call.intent", "call.outcome")}
