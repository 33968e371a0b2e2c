"""A real server's answers, changed in ten thousand ways: of tools, prompts, resources and completions, in each era of
server and client. What was done is told, to the client in its own revision and to the audit log, and nothing is
repeated."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.clients.node import run
from tests.gateway.test_survive_mutations import RECORDED, VERSIONS, check, faults_in, sync, wait_for_list
from tests.mutations import truth
from tests.mutations.mutate import Mutator, written
from tests.mutations.server import ID, LEGACY, MODERN, OddServer, Said
from tests.mutations.truth import Called, call_all, without_unknown_blocks
from tests.stage.clients import Client
from tests.stage.processes import Gateway, Upstream

if TYPE_CHECKING:
    from tests.stage.cast import Cast

pytestmark = pytest.mark.processes
JUDGE = Path(__file__).parents[1] / "mutations/judge.mjs"
ANSWERS = 10_000
ERAS = {"old": (LEGACY,), "new": (MODERN,), "both": (LEGACY, MODERN)}
METHODS = (*["tools/call"] * 6, *["prompts/get"] * 2, "resources/read", "completion/complete")
QUESTIONS, MAY_ASK = 2000, ("tools/call", "prompts/get", "resources/read")
FORM = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
HELLO = {"role": "user", "content": {"type": "text", "text": "hello"}}
QUESTION = {
    "resultType": "input_required",
    "requestState": "x",
    "inputRequests": {
        "form": {"method": "elicitation/create", "params": {"message": "Well?", "requestedSchema": FORM}},
        "page": {
            "method": "elicitation/create",
            "params": {"mode": "url", "message": "Sign", "url": "https://a.example"},
        },
        "model": {"method": "sampling/createMessage", "params": {"messages": [HELLO], "maxTokens": 5}},
        "roots": {"method": "roots/list", "params": {}},
    },
}
ERROR = {"code": -32603, "message": "It broke.", "data": {"why": ["no", 1.5], "field": "x"}}
NOTIFICATIONS: list[dict[str, Any]] = [
    *RECORDED["notifications"],
    {"method": "notifications/message", "params": {"level": "error", "logger": "odd", "data": {"said": "hello"}}},
    {"method": "notifications/tools/list_changed", "params": {"_meta": {"a": 1}}},
    {"method": "notifications/resources/updated", "params": {"uri": "demo://one"}},
    {"method": "notifications/cancelled", "params": {"requestId": "7", "reason": "why not"}},
    {"method": "notifications/elicitation/complete", "params": {"elicitationId": "1"}},
    {"id": "q", "method": "elicitation/create", "params": {"message": "Well?", "requestedSchema": {"type": "object"}}},
    {"id": 7, "method": "ping"},
]


@pytest.fixture
def odd() -> Iterator[dict[str, OddServer]]:
    offered = {"tools": {}, "prompts": {}, "resources": {}, "completions": {}, "logging": {}}
    servers = {slug: OddServer(offered, *eras) for slug, eras in ERAS.items()}
    for server in servers.values():
        plain = {"name": "plain", "description": "Says it.", "inputSchema": {"type": "object"}}
        shape = next(tool for tool in RECORDED["tools/list"]["tools"] if tool["name"] == "get-structured-content")
        server.lists = {
            "tools/list": [written(plain), written({**plain, "name": "shaped", "outputSchema": shape["outputSchema"]})],
            "prompts/list": [written({"name": "said"})],
        }
    yield servers
    for server in servers.values():
        server.stop()


@pytest.fixture
def dana(committed_cast: Cast, gateway: Gateway, upstream: Upstream, odd: dict[str, OddServer]) -> Client:
    """Dana's client, at a profile with a healthy server and three odd ones."""
    from connectors.models import Breakers
    from tests.stage.connectors import connector, tools
    from tests.stage.profiles import profile
    from tests.stage.tokens import device_token

    healthy = connector(committed_cast.acme, upstream.mcp, slug="crm", era="legacy")
    tools(healthy, committed_cast.sales)
    Breakers.objects.create(organization=committed_cast.acme, stops_failing=False)  # called though they fail
    strange = [connector(committed_cast.acme, server.url, slug=slug) for slug, server in odd.items()]
    profile(committed_cast.acme, healthy, *strange, groups=[committed_cast.sales], has_prefix=True)
    client = Client(gateway, device_token(committed_cast.acme, committed_cast.dana)).until(200)
    names = {name for slug in odd for name in sync(committed_cast, slug)}
    wait_for_list(client, names)
    return client


def test_answers_are_told_truthfully(dana: Client, odd: dict[str, OddServer], tmp_path: Path) -> None:
    mutator = Mutator(20_251_125)
    calls: dict[str, list[tuple[str, str, dict[str, Any]]]] = {version: [] for version in (*VERSIONS, MODERN)}
    for number in range(ANSWERS):
        slug, method = mutator.random.choice(list(ERAS)), mutator.random.choice(METHODS)
        is_shaped = number % 5 == 0
        marker = str(number)
        odd[slug].answers[marker] = answer(mutator, method, marker, is_shaped=is_shaped)
        version = mutator.random.choice([*VERSIONS, MODERN, MODERN, MODERN])
        calls[version].append((marker, method, params_of(method, slug, marker, is_shaped=is_shaped)))
    seen: Counter[str] = Counter()
    told: list[tuple[str, Called]] = []
    faults: list[str] = []
    for version, some in calls.items():
        found = asyncio.run(call_all(dana.gateway.url + dana.path, dana.token, some, version))
        for server in odd.values():
            seen += server.called
            server.called.clear()
        faults += faults_in(found, seen, version)
        told += [(version, called) for called in found]
    assert seen.total() >= ANSWERS * 0.99
    assert max(seen.values()) == 1, "no call is repeated by itself"
    check(faults + judge(told, tmp_path))
    assert dana.call("crm_echo", {"text": "still here"}).text == "still here"


def test_questions_are_asked_that_clients_can_read(
    dana: Client, odd: dict[str, OddServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In 2026-07-28 they are results: one that can't be read costs the whole, so it is refused, with the reason."""
    able = {"elicitation": {"form": {}, "url": {}}, "sampling": {}, "roots": {}}
    monkeypatch.setitem(truth.META, "io.modelcontextprotocol/clientCapabilities", able)
    mutator, calls = Mutator(20_260_728), []
    for number in range(QUESTIONS):
        slug, method, marker = ("new", "both")[number % 2], MAY_ASK[number % 3], str(number)
        odd[slug].answers[marker] = Said(mutator.mutated(QUESTION))
        calls.append((marker, method, params_of(method, slug, marker, is_shaped=False)))
    found = asyncio.run(call_all(dana.gateway.url + dana.path, dana.token, calls, MODERN))
    seen = odd["new"].called + odd["both"].called
    check(faults_in(found, seen, MODERN))
    assert max(seen.values()) == 1, "no call is repeated by itself"
    asked = [one for one in found if one.last.get("result", {}).get("resultType") == "input_required"]
    assert QUESTIONS / 8 < len(asked) < QUESTIONS / 2


def answer(mutator: Mutator, method: str, marker: str, *, is_shaped: bool) -> Said:
    """A mutated result, or error, or message around them; or a whole one with something odd said before it."""
    result = result_for(mutator, method, is_shaped=is_shaped)
    kind = mutator.random.choice(("result", "result", "result", "message", "error", "before"))
    if kind == "result":
        return Said(mutator.mutated(result))
    if kind == "before":
        said = mutator.random.choice(NOTIFICATIONS)
        said = {"jsonrpc": "2.0", **said, "params": {**said.get("params", {}), "progressToken": marker}}
        return Said(written(result), before=[mutator.mutated(said)])
    if kind == "error":
        status = mutator.random.choice((200, 200, 200, 400, 403, 404, 409, 422, 429, 500, 503))
        message = f'{{"jsonrpc":"2.0","id":{ID},"error":{mutator.mutated(ERROR)}}}'
        return Said(message=message, status=status)
    whole = mutator.mutated({"jsonrpc": "2.0", "id": ID, "result": result})
    return Said(message=whole.replace(f'"{ID}"', ID))


def result_for(mutator: Mutator, method: str, *, is_shaped: bool) -> dict[str, Any]:
    more = {"resultType": "complete", "_meta": {"progressToken": 1}, "ttlMs": 5, "cacheScope": "public"}
    if method == "tools/call":
        name = "get-structured-content" if is_shaped else mutator.random.choice(sorted(RECORDED["results"]))
        return {**RECORDED["results"][name], **more}
    return {**mutator.random.choice(RECORDED[method]), **more}


def params_of(method: str, slug: str, marker: str, *, is_shaped: bool) -> dict[str, Any]:
    if method == "tools/call":
        return {"name": f"{slug}_{'shaped' if is_shaped else 'plain'}", "arguments": {"marker": marker}}
    if method == "prompts/get":
        return {"name": f"{slug}_said", "arguments": {"marker": marker}}
    if method == "resources/read":
        return {"uri": f"{slug}+demo://{marker}"}
    return {"ref": {"type": "ref/prompt", "name": f"{slug}_said"}, "argument": {"name": "a", "value": marker}}


def judge(told: list[tuple[str, Called]], folder: Path) -> list[str]:
    """Both generations of the npm SDK can read each result."""
    results = [
        (version, called.method, without_unknown_blocks(called.last["result"]))
        for version, called in told
        if "result" in called.last
    ]
    file = folder / "results.json"
    file.write_text(json.dumps(results).replace("Infinity", "1e400"))
    said = json.loads(run(JUDGE, str(file), home=folder))
    return [f"{why} in {results[at]}"[:900] for at, why in said]
