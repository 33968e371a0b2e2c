"""A real Harriet in a folder of its own: `manage.py start` as a person would type it."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from harriet.lib.keyfile import make_keys
from harriet.start.embedded import start_embedded
from harriet.start.wheels import postgres_binaries
from tests.database import TEMPLATE, url_of
from tests.servers.running import free_port
from tests.stage.waiting import wait_for

REPOSITORY = Path(__file__).resolve().parents[2]
OWN = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "HARRIET_KEYS_DIR", "HARRIET_TEST_SESSION")
PATIENCE = 400


@dataclass
class Installation:
    run: Path
    port: int = 0
    prefix: tuple[str, ...] = ()
    """A command in front, such as one that changes the user."""
    env: dict[str, str] = field(default_factory=dict)
    process: "subprocess.Popen[str] | None" = None
    family: list[psutil.Process] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def output(self) -> str:
        return (self.run.parent / "output").read_text()

    @property
    def addresses(self) -> dict[str, str]:
        found: dict[str, str] = json.loads((self.run / "servers.json").read_text())
        return found

    def command(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        argv, env = self._argv(*arguments), self._env()
        return subprocess.run(argv, cwd=self.run.parent, env=env, capture_output=True, text=True, timeout=PATIENCE)

    def start(self) -> None:
        self.port = self.port or free_port()
        with (self.run.parent / "output").open("w") as output:
            argv = self._argv("start", "--bind", f"127.0.0.1:{self.port}")
            self.process = subprocess.Popen(
                argv, cwd=self.run.parent, env=self._env(), stdout=output, stderr=subprocess.STDOUT, text=True
            )
        self.wait_for("Stop with Ctrl-C")

    def wait_for(self, text: str) -> None:
        wait_until(lambda: text in self.output or self.process.poll() is not None)  # type: ignore[union-attr]
        assert text in self.output, self.output

    def wait_for_children(self, count: int) -> None:
        """Remembers the whole family, so that a later test can ask whether any of it is left."""
        assert self.process
        supervisor = psutil.Process(self.process.pid)
        wait_until(lambda: len(supervisor.children()) >= count)
        self.family = supervisor.children(recursive=True)

    def child(self, part: str) -> psutil.Process:
        assert self.process
        children = psutil.Process(self.process.pid).children()
        return next(child for child in children if part in " ".join(child.cmdline()))

    def status(self, path: str = "/health/ready") -> int:
        try:
            with urllib.request.urlopen(self.url + path, timeout=60) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def end(self, number: signal.Signals) -> int:
        assert self.process
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)

    def left_over(self) -> list[psutil.Process]:
        return [one for one in self.family if is_alive(one)]

    def clean_up(self) -> None:
        if self.process and self.process.poll() is None:
            self.end(signal.SIGTERM)
        shutil.rmtree(self.run, ignore_errors=True)

    def setup_path(self) -> str:
        found = re.search(rf"{re.escape(self.url)}(/setup/\S+)", self.output)
        assert found, self.output
        return found[1]

    def _argv(self, *arguments: str) -> list[str]:
        return [*self.prefix, sys.executable, str(REPOSITORY / "manage.py"), *arguments]

    def _env(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name not in OWN and "PYTEST" not in name}
        return kept | {"HARRIET_RUN_DIR": str(self.run), "HOME": str(self.run.parent)} | self.env


def is_alive(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:  # it ended between the two questions
        return False


def wait_until(is_so: Callable[[], object]) -> None:
    wait_for(is_so, PATIENCE)


@contextmanager
def started(run: Path) -> Iterator[Installation]:
    """With `manage.py start` in this run folder, for as long as it is needed."""
    installation = Installation(run)
    try:
        installation.start()
        yield installation
    finally:
        installation.clean_up()


def with_tables(run: Path) -> Path:
    """A run folder that has been prepared before, and that nobody owns yet. Its tables are those of the session's
    template (`django_db_setup`): the migrations, which a start begins with otherwise, take a core half a minute."""
    run.mkdir(mode=0o700)
    make_keys(run / "keys")
    tools = postgres_binaries(None, run.parent)
    embedded = start_embedded(run, needs_redis=False)
    try:
        _pass_on(
            [tools / "pg_dump", "--format=custom", url_of(TEMPLATE)],
            [tools / "pg_restore", "--exit-on-error", "--dbname", embedded.addresses["database_owner_url"]],
        )
    finally:
        embedded.stop()
    return run


def _pass_on(one: list[str | Path], other: list[str | Path]) -> None:
    said = subprocess.run(one, capture_output=True, check=True)
    subprocess.run(other, input=said.stdout, capture_output=True, check=True)
