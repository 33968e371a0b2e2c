"""What a server says of its own accord reaches whoever listens, in every era, also after a stream has ended."""

import asyncio
import contextlib
import json
from functools import partial
from uuid import uuid4

import pytest

from connectors.errors import UpstreamBroken
from connectors.transports.base import NATIVE, Endpoint, Interest
from connectors.transports.native import watch
from harriet.lib.mcp.versions import LEGACY, MODERN, SSE
from harriet.lib.secret import Secret
from tests.connectors.asking import LOCAL
from tests.servers.refusing import behaving, streamed
from tests.servers.talkative import TALKATIVE
from vault.types.bearer import AUTHORIZATION
from vault.types.registry import placed

assert TALKATIVE
ALL = Interest()
opened = partial(placed, "bearer", AUTHORIZATION, "", Secret("sk-canary"))


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(watch, "SHORTEST_PAUSE", 0.02)


async def watched(transport, url, era, count, interest=ALL):
    """The first messages that are heard."""
    heard = []
    enough = asyncio.Event()

    async def hear(raw):
        heard.append(json.loads(raw))
        if len(heard) >= count:
            enough.set()

    endpoint = Endpoint(uuid4(), NATIVE, url, LOCAL, era)
    task = asyncio.ensure_future(transport.watch(endpoint, opened, interest, on_notification=hear))
    waiting = asyncio.ensure_future(enough.wait())
    await asyncio.wait({task, waiting}, timeout=60, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if not task.done():
        task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    return heard


async def test_a_legacy_server_is_heard_in_one_session(hostile, transport):
    interest = Interest(uris=frozenset({"a://b"}))
    heard = await watched(transport, hostile.url("/changes"), LEGACY, 2, interest)
    assert [one["method"] for one in heard] == ["notifications/tools/list_changed", "notifications/resources/updated"]
    assert len(hostile.of("initialize")) == 1
    assert hostile.of("resources/subscribe")[0].message["params"] == {"uri": "a://b"}
    assert [seen.headers.get("last-event-id") for seen in hostile.seen if seen.method == "GET"] == [None, "one"]
    await transport.close()
    assert [seen.headers["mcp-session-id"] for seen in hostile.seen if seen.method == "DELETE"] == ["session-1"]


async def test_a_modern_server_is_asked_to_listen_again_and_again(hostile, transport):
    interest = Interest(resources=False, uris=frozenset({"a://b"}))
    heard = await watched(transport, hostile.url("/listens"), MODERN, 3, interest)
    assert {one["method"] for one in heard} == {"notifications/prompts/list_changed"}
    first = hostile.of("subscriptions/listen")[0]
    assert first.message["params"]["notifications"] == {
        "toolsListChanged": True,
        "promptsListChanged": True,
        "resourcesListChanged": False,
        "resourceSubscriptions": ["a://b"],
    }
    assert first.headers["mcp-method"] == "subscriptions/listen"
    assert len(hostile.of("subscriptions/listen")) >= 3


async def test_a_modern_server_that_acknowledges_nothing_is_heard(hostile, transport):
    note = 'data: {"jsonrpc":"2.0","method":"notifications/%s/list_changed"}\n\n'
    path = behaving("/says-nothing-first", streamed(note % "tools", note % "prompts", "ANSWER"))
    heard = await watched(transport, hostile.url(path), MODERN, 2)
    assert [one["method"] for one in heard[:2]] == [
        f"notifications/{what}/list_changed" for what in ("tools", "prompts")
    ]


async def test_the_oldest_servers_are_heard(hostile, transport):
    interest = Interest(uris=frozenset({"a://b"}))
    heard = await watched(transport, hostile.url("/old/sse"), SSE, 1, interest)
    assert heard[0]["params"] == {"uri": "a://b"}


@pytest.mark.parametrize(("path", "era"), [("/no-streams", LEGACY), ("/fine", MODERN), ("/404", MODERN)])
async def test_a_server_that_has_no_such_stream_is_left_alone(hostile, transport, path, era):
    with pytest.raises(UpstreamBroken):
        await watched(transport, hostile.url(path), era, 1)


async def test_a_server_that_is_away_is_waited_for(hostile, transport):
    heard = await watched(transport, hostile.url("/comes-back"), MODERN, 1)
    assert len(hostile.of("subscriptions/listen")) == 3
    assert heard[0]["method"] == "notifications/prompts/list_changed"
