"""The suite's scenarios of the tasks extension, with calls that wait for a person: one approves all that is short.

Left out are those whose tools begin tasks themselves and ask in the middle of them, which a call of Harriet's does not.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.conformance.conftest import Arranged, _started
from tests.conformance.report import REPORT, note
from tests.conformance.suite import Row, run_extension, table
from tests.servers.lasting import LASTING
from tests.stage.clients import Client
from tests.stage.processes import Process, Running

WHOLE = ("tasks-lifecycle", "tasks-wire-fields", "tasks-request-state-removal")
EACH_DAY = ("tasks-capability-negotiation", "tasks-request-headers")
SCENARIOS = (*EACH_DAY, *WHOLE) if REPORT in os.environ else EACH_DAY
LONGEST = 3
"""Seconds that an approved call may take; others are taken back by the suite while they wait."""


@pytest.fixture(scope="module")
def lasting(arranged: Arranged, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the suite connects."""
    folder = tmp_path_factory.mktemp("lasting")
    with ExitStack() as stack:
        command = [sys.executable, "-m", "tests.servers.lasting", "{port}"]
        server = _started(stack, Process(command, ready="/", is_ready=404, log=folder / "lasting.log"))
        _set_up(f"{server.url}/mcp")
        path = f"{arranged.gateway}/mcp/acme/lasting"
        proxied = [sys.executable, "-m", "tests.conformance.proxy", "{port}", path, arranged.token]
        proxy = _started(stack, Process(proxied, ready="/health/ready", log=folder / "proxy.log"))
        Client(Running(arranged.gateway), arranged.token, "/mcp/acme/lasting").until(200)
        yield f"http://localhost:{proxy.port}/mcp"


def _set_up(url: str) -> None:
    from connectors.actions.sync_connector import sync_connector
    from connectors.models import Tool
    from harriet.people.actors import actor_of
    from harriet.people.models import Group, Organization, User
    from tests.stage.connectors import connector, open_to
    from tests.stage.profiles import profile

    acme, sales = Organization.objects.get(slug="acme"), Group.objects.get(slug="sales")
    made = connector(acme, url, slug="lasting")
    assert not sync_connector(made, actor=actor_of(User.objects.get(email="alice@acme.test"))).error
    open_to(sales, made, risk_override="read_only")
    Tool.objects.filter(connector=made, name__in=LASTING).update(requires_confirmation=True)
    profile(acme, made, groups=[sales], slug="lasting")


@contextmanager
def somebody_approves() -> Iterator[None]:
    """What is short, as soon as it waits; and a worker runs it."""
    is_over = threading.Event()
    with ThreadPoolExecutor(1) as threads:
        bob = threads.submit(_approve_until, is_over)
        try:
            yield
        finally:
            is_over.set()
    bob.result()


def _approve_until(is_over: threading.Event) -> None:
    import json

    from django.db import connection

    from approvals.actions.approve_action import approve_action
    from approvals.errors import TooLate
    from approvals.models import PendingAction
    from approvals.sealed_parts import sent_of
    from harriet.gateway.tasks import run_approved_action
    from harriet.people.actors import actor_of
    from harriet.people.models import User

    bob = actor_of(User.objects.get(email="bob@acme.test"))
    related = PendingAction.objects.select_related("ticket", "connector", "tool", "token", "user", "organization")
    waiting = related.filter(state=PendingAction.State.WAITING)
    try:
        while not is_over.wait(0.1):
            for action in waiting.all():
                if json.loads(sent_of(action).arguments).get("seconds", 0) > LONGEST:
                    continue
                try:
                    approve_action(action, actor=bob)
                except TooLate:  # the suite took it back at this moment
                    assert not waiting.filter(pk=action.pk).exists()
                else:
                    run_approved_action(str(action.pk))
    finally:
        connection.close()


def test_calls_that_wait_for_a_person_are_tasks(lasting: str, tmp_path: Path) -> None:
    with somebody_approves():
        rows = [row for name in SCENARIOS for row in _ran(name, lasting, tmp_path)]
    note(table("Tasks, 2026-07-28, of calls that wait for a person", rows))
    assert [(row.scenario, row.failures) for row in rows if row.failed] == []
    assert {row.scenario for row in rows if row.passed} == set(SCENARIOS)


def _ran(name: str, url: str, tmp_path: Path) -> list[Row]:
    folder = tmp_path / name
    folder.mkdir()
    return run_extension(url, name, folder)
