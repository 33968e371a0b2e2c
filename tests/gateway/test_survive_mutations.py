"""A real server's words, changed in some twenty thousand ways: whatever it lists, answers or says in between stays its
own problem. Other servers' tools stay callable, official clients can read every list, and what was done is told."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from mcp_types.methods import parse_server_result

from tests.clients.node import run
from tests.mutations.mutate import Mutator, written
from tests.mutations.server import OddServer
from tests.mutations.truth import Called, call_all, faults_in_log, faults_of

from .client import Client, ModernClient
from .log import wait_for
from .processes import Gateway, Upstream

if TYPE_CHECKING:
    from connectors.models import Connector
    from tests.cast import Cast

pytestmark = pytest.mark.processes
RECORDED: dict[str, Any] = json.loads((Path(__file__).parents[1] / "mutations/recorded.json").read_text())
LIST_ALL = Path(__file__).parents[1] / "mutations/list_all.mjs"
BATCHES, TOOLS, OTHERS, ANSWERS = 12, 700, 60, 10_000
"""12 syncs of 700 tools, 60 prompts, 60 resources and 60 templates, and 10,000 answers: 20,560 mutations."""
VERSIONS = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
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
    from . import office

    healthy = office.connector(committed_cast.acme, upstream.mcp, slug="crm", era="legacy")
    office.tools(healthy, committed_cast.sales)
    strange = office.connector(committed_cast.acme, odd.url, slug="odd")
    work = office.profile(committed_cast.acme, healthy, strange, groups=[committed_cast.sales])
    work.has_prefix = True
    work.save()
    client = Client(gateway, office.device_token(committed_cast.acme, committed_cast.dana))
    return client.until(200)


def test_lists_stay_valid_and_calls_are_told(
    dana: Client, gateway: Gateway, odd: OddServer, committed_cast: Cast, tmp_path: Path
) -> None:
    mutator = Mutator(20_260_728)
    for batch in range(BATCHES):
        odd.lists = {method: list(mutated(mutator, method, batch)) for method in LISTS}
        enabled = sync(odd, committed_cast)
        assert len(enabled) > TOOLS / 3, "most of what is offered can be used"
        wait_for_list(dana, enabled)
        check_lists(dana, tmp_path if batch % 4 == 0 else None)
        calls = [(f"{batch}-{name}", name, {"marker": f"{batch}-{name}"}) for name in sorted(enabled)]
        check(asyncio.run(call_all(dana.gateway.url + dana.path, dana.token, calls, VERSIONS[-1])), odd, VERSIONS[-1])
        assert dana.call("crm_echo", {"text": "still here"}).text == "still here"


def test_answers_are_told_truthfully(dana: Client, odd: OddServer, committed_cast: Cast) -> None:
    plain = {"name": "plain", "description": "Says it.", "inputSchema": {"type": "object"}}
    shape = next(tool for tool in RECORDED["tools/list"]["tools"] if tool["name"] == "get-structured-content")
    shaped = {**plain, "name": "shaped", "outputSchema": shape["outputSchema"]}
    odd.lists = {"tools/list": [written(plain), written(shaped)]}
    names = sync(odd, committed_cast)
    wait_for_list(dana, names)
    mutator = Mutator(20_251_125)
    for number in range(ANSWERS):
        odd.answers[str(number)] = answer(mutator, number)
    for at, version in enumerate(VERSIONS):
        markers = [str(number) for number in range(ANSWERS) if number % len(VERSIONS) == at]
        calls = [(marker, tool_for(marker), {"marker": marker}) for marker in markers]
        check(asyncio.run(call_all(dana.gateway.url + dana.path, dana.token, calls, version)), odd, version)
    assert odd.called.total() >= ANSWERS * 0.99
    assert max(odd.called.values()) == 1, "no call is repeated by itself"
    assert dana.call("crm_echo", {"text": "still here"}).text == "still here"


def tool_for(marker: str) -> str:
    return "odd_shaped" if "structuredContent" in marker or int(marker) % 5 == 0 else "odd_plain"


def answer(mutator: Mutator, number: int) -> tuple[str, list[str]]:
    """A mutated result; or a whole one with something odd said before it."""
    results = RECORDED["results"]
    result = results["get-structured-content" if number % 5 == 0 else mutator.random.choice(sorted(results))]
    if number % 4:
        return mutator.mutated(result), []
    notification = mutator.random.choice(RECORDED["notifications"])
    notification = {**notification, "params": {**notification["params"], "progressToken": str(number)}}
    return written(result), [mutator.mutated(notification)]


def mutated(mutator: Mutator, method: str, batch: int) -> Iterator[str]:
    """Entries with names and addresses of their own, so that each is judged by itself."""
    member, key, count = LISTS[method]
    entries = RECORDED[method].get(member) or [{"uri": "demo://one", "name": "One"}]
    for number in range(count):
        entry = dict(mutator.random.choice(entries))
        entry[key] = f"b{batch}e{number}" if key == "name" else f"demo://{batch}/{number}"
        yield mutator.mutated(entry)


def sync(odd: OddServer, cast: Cast) -> set[str]:
    """Syncs the odd server and enables all that it has; gives the names of its tools as clients see them."""
    from connectors.actions.set_tool import ToolChange
    from connectors.actions.set_tools_in_bulk import set_tools_in_bulk
    from connectors.actions.sync_connector import sync_connector
    from connectors.models import Connector, Tool

    strange: Connector = Connector.objects.get(slug="odd")
    alice = cast.actor(cast.alice)
    run = sync_connector(strange, actor=alice)
    assert run.is_success, run.error
    usable = Tool.objects.filter(connector=strange, state=Tool.State.PINNED)
    change = ToolChange(is_enabled=True, groups=[cast.sales])
    ids = list(usable.values_list("pk", flat=True))
    for start in range(0, len(ids), 500):
        set_tools_in_bulk(strange, ids[start : start + 500], change, actor=alice)
    names = usable.filter(kind="tool").values_list("name", flat=True)
    return {f"odd_{name}" for name in names if re.fullmatch(r"[\w-]+", name)}  # others are shown under tamer ones


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
    end = time.monotonic() + 20
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


def check(calls: list[Called], odd: OddServer, version: str) -> None:
    from audit.models import Event

    def rows(code: str) -> list[dict[str, Any]]:
        return [json.loads(body) for body in Event.objects.filter(code=code).values_list("body", flat=True)]

    wait_for(lambda: len(rows("call.intent")) == len(rows("call.outcome")), seconds=20)
    intents = {row["request"] for row in rows("call.intent")}
    outcomes = {row["request"]: row for row in rows("call.outcome")}
    faults = []
    for called in calls:
        was_seen = odd.called[called.marker] > 0
        found = faults_of(called, was_seen, version) + faults_in_log(called, was_seen, intents, outcomes)
        faults += [f"{called.marker}: {fault}: {called.told[:300]}" for fault in found]
    assert not faults, f"{len(faults)} faults; the first: " + "\n".join(islice(faults, 15))
