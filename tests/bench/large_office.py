"""Somebody to call, and people who call, in a very large company that is there already."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Self
from uuid import uuid4

import psutil
from django.db import transaction

from connectors.models import CallLimit, Connector, Tool
from harriet.people.models import AccessToken, Group, Membership
from harriet.people.roles import Role
from tests.bench.bench_site import QUIET
from tests.bench.upstream import definition
from tests.stage.cast import Cast, person
from tests.stage.clients import Client
from tests.stage.connectors import connector, tools
from tests.stage.credentials import SECRET, save_token
from tests.stage.processes import Gateway, Process
from tests.stage.profiles import profile
from tests.stage.tokens import device_credential

NAMES = ("echo", "echo_for_one")
FIRST_CALL_PATIENCE = 120.0


class Visitor:
    """One person with a token of their own, in a group of their own beside the one that all callers are in."""

    def __init__(self, cast: Cast, callers: Group, name: str) -> None:
        self.user = person(cast.acme, name, Role.MEMBER, email=f"{name.lower()}-{uuid4().hex[:8]}@acme.test")
        self.membership = Membership.objects.get(organization=cast.acme, user=self.user)
        self.membership.groups.add(callers)
        issued = device_credential(cast.acme, self.user, "laptop")
        self.token: AccessToken = issued.token
        self.secret = issued.secret.reveal()


class LargeOffice:
    """A connector to a server that runs, with tools that a small group of visitors may call. Ends the server when
    left."""

    def __init__(self, cast: Cast, folder: Path) -> None:
        self.cast, self._folder = cast, folder
        self.slug = f"called-{uuid4().hex[:8]}"
        self.path = f"/mcp/{cast.acme.slug}/{self.slug}"

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "uvicorn", "tests.bench.upstream:app", "--port", "{port}", *QUIET]
        self._server = Process(command, ready="/", log=self._folder / "server.log")
        self._server.wait()
        with transaction.atomic():
            self._furnish(self._server.url)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    def _furnish(self, url: str) -> None:
        acme = self.cast.acme
        CallLimit.objects.filter(organization=acme).delete()  # forms of the pages may have set one for everybody
        self.callers = Group.objects.create(organization=acme, slug=self.slug, name="Callers")
        self.connector: Connector = connector(acme, f"{url}/mcp", slug=self.slug)
        self.tools: dict[str, Tool] = tools(self.connector, self.callers, [definition(name) for name in NAMES])
        save_token(self.cast, self.connector.id, secret=SECRET, name=self.slug)
        profile(acme, self.connector, groups=[self.callers], slug=self.slug)

    def visitor(self, name: str) -> Visitor:
        with transaction.atomic():
            return Visitor(self.cast, self.callers, name)

    def client(self, gateway: Process, visitor: Visitor) -> Client:
        return Client(gateway, visitor.secret, self.path)


class Web(Gateway):
    """A web process, and how many seconds its start took until a call was answered."""

    started_seconds = 0.0

    @classmethod
    def started(cls, office: LargeOffice, visitor: Visitor, log: Path) -> Web:
        """Raises TimeoutError."""
        began = time.monotonic()
        web = cls(log=log)
        client = office.client(web, visitor)
        while not is_answered(client, NAMES[0]):
            if time.monotonic() - began > FIRST_CALL_PATIENCE:
                raise TimeoutError(web.tail())
            time.sleep(0.02)
        web.started_seconds = time.monotonic() - began
        return web

    @property
    def worker(self) -> psutil.Process:
        return max(psutil.Process(self.child.pid).children(), key=lambda process: process.memory_info().rss)

    @property
    def mib(self) -> float:
        return float(self.worker.memory_info().rss) / 2**20

    @property
    def cpu_ms(self) -> float:
        times = self.worker.cpu_times()
        return float(times.user + times.system) * 1000


def is_answered(client: Client, name: str) -> bool:
    """Whether the server's own answer came."""
    try:
        answer = client.call(name, {"text": "hello"})
    except OSError:
        return False
    return answer.status == 200 and not answer.json.get("result", {}).get("isError", "error" in answer.json)


class Others:
    """Other people's calls at a steady pace, in a process of their own; `told` once they were asked to end."""

    def __init__(self, office: LargeOffice, visitor: Visitor, webs: list[Web]) -> None:
        urls = ",".join(f"{web.url}{office.path}" for web in webs)
        command = [sys.executable, "-m", "tests.bench.steady", "--url", urls, "--token", visitor.secret]
        self._child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2], env={**os.environ}
        )

    def end(self) -> bytes:
        return self._child.communicate(timeout=120)[0]
