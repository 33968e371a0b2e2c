"""A real server's lists, changed in more than ten thousand ways, in either era and in both: whatever it lists stays its
own problem. Other servers' tools stay callable, official clients can read every list, and what was done is told."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from mcp_types.methods import parse_server_result

from tests.clients.node import run
from tests.mutations.mutate import Mutator
from tests.mutations.server import LEGACY, MODERN, OddServer
from tests.mutations.truth import Called, call_all, faults_in_log, faults_of
from tests.stage.clients import Client, ModernClient
from tests.stage.processes import Gateway, Upstream
from tests.stage.waiting import wait_for

if TYPE_CHECKING:
    from connectors.models import Connector
    from tests.stage.cast import Cast

pytestmark = pytest.mark.processes
RECORDED: dict[str, Any] = json.loads((Path(__file__).parents[1] / "mutations/recorded.json").read_text())
LIST_ALL = Path(__file__).parents[1] / "mutations/list_all.mjs"
BATCHES, TOOLS, OTHERS = 9, 700, 60
"""9 syncs of 700 tools, 60 prompts, 60 resources and 60 templates, a third of them with others in the later era: 10,560
mutations."""
VERSIONS = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
ERAS = ((LEGACY,), (LEGACY, MODERN), (MODERN,))
LISTS = {
    "tools/list": ("tools", "name", TOOLS),
    "prompts/list": ("prompts", "name", OTHERS),
    "resources/list": ("resources", "uri", OTHERS),
    "resources/templates/list": ("resourceTemplates", "uriTemplate", OTHERS),
}


@pytest.fixture
def odd() -> Iterator[OddServer]:
    server = OddServer({"tools": {}, "prompts": {}, "resources": {}})
    yield server
    server.stop()


@pytest.fixture
def dana(committed_cast: Cast, gateway: Gateway, upstream: Upstream, odd: OddServer) -> Client:
    """Dana's client, at a profile with a healthy server and an odd one."""
    from tests.stage.connectors import connector, tools
    from tests.stage.profiles import profile
    from tests.stage.tokens import device_token

    healthy = connector(committed_cast.acme, upstream.mcp, slug="crm", era="legacy")
    tools(healthy, committed_cast.sales)
    strange = connector(committed_cast.acme, odd.url, slug="odd")
    profile(committed_cast.acme, healthy, strange, groups=[committed_cast.sales], has_prefix=True)
    client = Client(gateway, device_token(committed_cast.acme, committed_cast.dana))
    return client.until(200)


def test_lists_stay_valid_and_calls_are_told(
    dana: Client, gateway: Gateway, odd: OddServer, committed_cast: Cast, tmp_path: Path
) -> None:
    mutator = Mutator(20_260_728)
    for batch in range(BATCHES):
        odd.eras = ERAS[batch % len(ERAS)]
        odd.lists = {method: list(mutated(mutator, method, batch)) for method in LISTS}
        odd.later = {method: list(mutated(mutator, method, batch)) for method in LISTS} if len(odd.eras) > 1 else {}
        enabled = sync(committed_cast)
        assert len(enabled) > TOOLS / 3, "most of what is offered can be used"
        wait_for_list(dana, enabled)
        check_lists(dana, tmp_path if batch % 4 == 0 else None)
        calls = [call_of(f"{batch}-{name}", name) for name in sorted(enabled)]
        called = asyncio.run(call_all(dana.gateway.url + dana.path, dana.token, calls, VERSIONS[-1]))
        check(faults_in(called, odd.called, VERSIONS[-1]))
        assert dana.call("crm_echo", {"text": "still here"}).text == "still here"


def mutated(mutator: Mutator, method: str, batch: int) -> Iterator[str]:
    """Entries with names and addresses of their own, so that each is judged by itself."""
    member, key, count = LISTS[method]
    entries = RECORDED[method].get(member) or [{"uri": "demo://one", "name": "One"}]
    for number in range(count):
        entry = dict(mutator.random.choice(entries))
        entry[key] = f"b{batch}e{number}" if key == "name" else f"demo://{batch}/{number}"
        yield mutator.mutated(entry)


def sync(cast: Cast, slug: str = "odd") -> set[str]:
    """Syncs the odd server and enables all that it has; gives the names of its tools as clients see them."""
    from connectors.actions.set_tool import ToolChange
    from connectors.actions.set_tools_in_bulk import set_tools_in_bulk
    from connectors.actions.sync_connector import sync_connector
    from connectors.models import Connector, Tool

    strange: Connector = Connector.objects.get(slug=slug)
    alice = cast.actor(cast.alice)
    run = sync_connector(strange, actor=alice)
    assert run.is_success, run.error
    usable = Tool.objects.filter(connector=strange, state=Tool.State.PINNED)
    change = ToolChange(is_enabled=True, groups=[cast.sales], risk_override="read_only")
    ids = list(usable.values_list("pk", flat=True))
    for start in range(0, len(ids), 500):
        set_tools_in_bulk(strange, ids[start : start + 500], change, actor=alice)
    names = usable.filter(kind="tool").values_list("name", flat=True)
    return {f"{slug}_{name}" for name in names if re.fullmatch(r"[\w-]+", name)}  # others are shown under tamer ones


def pages(client: Client, method: str, version: str = VERSIONS[-1]) -> Iterator[dict[str, Any]]:
    cursor = None
    while True:
        message = client.message(method, {"cursor": cursor} if cursor else {})
        headers = client.headers(message)
        if client.era == "legacy":
            headers["mcp-protocol-version"] = version
        answered = client.post(json.dumps(message).encode(), headers)
        yield answered.result
        cursor = answered.result.get("nextCursor")
        if not cursor:
            return


def listed(client: Client, method: str) -> set[str]:
    member, key, _ = LISTS[method]
    return {entry[key] for page in pages(client, method) for entry in page[member]}


def wait_for_list(client: Client, names: set[str]) -> None:
    end = time.monotonic() + 60
    while missing := names - listed(client, "tools/list"):
        assert time.monotonic() < end, f"{len(missing)} of {len(names)} are not listed, such as {sorted(missing)[:5]}"
        time.sleep(0.1)


def check_lists(dana: Client, folder: Path | None) -> None:
    """Each revision's official types take each page; and both generations of the npm SDK, with all that they do."""
    modern = ModernClient(dana.gateway, dana.token)
    for method in LISTS:
        for version in VERSIONS:
            for page in pages(dana, method, version):
                parse_server_result(method, version, page)
        for page in pages(modern, method):
            parse_server_result(method, "2026-07-28", page)
    if folder is None:
        return
    said = json.loads(run(LIST_ALL, dana.gateway.url + dana.path, dana.token, home=folder))
    for method, (member, _, _) in LISTS.items():
        for generation in ("first", "second"):
            assert set(said[generation][member]) == listed(dana, method), (generation, member)


def call_of(marker: str, tool: str) -> tuple[str, str, dict[str, Any]]:
    return marker, "tools/call", {"name": tool, "arguments": {"marker": marker}}


def faults_in(calls: list[Called], seen: Counter[str], version: str) -> list[str]:
    from audit.models import Event

    def rows(code: str) -> list[dict[str, Any]]:
        return [json.loads(body) for body in Event.objects.filter(code=code).values_list("body", flat=True)]

    def requests(code: str) -> set[str]:
        return {row["request"] for row in rows(code)}

    wait_for(lambda: requests("call.intent") <= requests("call.outcome"))
    intents = {row["details"]["arguments_digest"]: row["request"] for row in rows("call.intent")}
    outcomes = {row["request"]: row for row in rows("call.outcome")}
    faults = []
    for called in calls:
        was_seen = seen[called.marker] > 0
        found = faults_of(called, was_seen, version) + faults_in_log(called, was_seen, intents, outcomes)
        faults += [
            f"{called.marker} {version} {called.method}: {fault}: {called.told[:300]} {str(called.messages[:-1])[:300]}"
            for fault in found
        ]
    return faults


def check(faults: list[str]) -> None:
    assert not faults, f"{len(faults)} faults; the first: " + "\n".join(islice(faults, 15))
