"""Servers that break the protocol, on purpose or not: each ends in a sentence, in time, without the secret."""

import asyncio
import json
from uuid import uuid4

import pytest

from connectors.definitions.sound import Remarks
from connectors.errors import (
    UpstreamBroken,
    UpstreamDown,
    UpstreamError,
    UpstreamOutOfReach,
    UpstreamRefused,
    UpstreamRefusedCredential,
    UpstreamTimeout,
)
from connectors.transports.base import NATIVE, Caller, Endpoint
from connectors.transports.native import answer_stream
from connectors.transports.native.transport import NativeTransport
from harriet.lib.egress import AsyncEgress, Reach
from harriet.lib.mcp.versions import LEGACY, MODERN
from harriet.lib.secret import Secret
from tests.connectors.asking import LOCAL, calling
from vault.opened import OpenCredential
from vault.types.registry import placed

SECRET = "sk-canary-2d6e"
FOR_EVER = 300
"""Seconds: longer than any limit that a call has."""


async def call(
    transport, url, era=MODERN, *, key=1, deadline=3.0, listen=None, reach=LOCAL, arguments=b"{}", connector=None
):
    template = {"in": "header", "name": "Authorization", "template": "Bearer {{secret}}"}
    with placed("bearer", template, "", Secret(SECRET)) as credential:
        return await transport.request(
            Endpoint(connector or uuid4(), NATIVE, url, reach, era),
            credential,
            calling("echo", arguments),
            caller=Caller(key),
            deadline=deadline,
            on_notification=listen,
        )


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/drip", UpstreamTimeout),
        ("/drip-head", UpstreamTimeout),
        ("/drip-events", UpstreamTimeout),
        ("/hang", UpstreamTimeout),
        ("/bomb", UpstreamBroken),
        ("/huge", UpstreamBroken),
        ("/huge-event", UpstreamBroken),
        ("/many-events", UpstreamBroken),
        ("/deep", UpstreamBroken),
        ("/redirect", UpstreamBroken),
        ("/wrong-id", UpstreamBroken),
        ("/neither", UpstreamBroken),
        ("/batch", UpstreamBroken),
        ("/broken-events", UpstreamBroken),
        ("/unfinished-events", UpstreamBroken),
        ("/unknown-encoding", UpstreamBroken),
        ("/cut-off", UpstreamBroken),
        ("/hang-up", UpstreamDown),
        ("/not-http", UpstreamDown),
        ("/401", UpstreamRefusedCredential),
        ("/403", UpstreamRefused),
        ("/404", UpstreamBroken),
        ("/429", UpstreamDown),
        ("/500", UpstreamDown),
        ("/503", UpstreamDown),
        ("/html", UpstreamBroken),
        ("/not-json", UpstreamBroken),
        ("/empty", UpstreamBroken),
    ],
)
@pytest.mark.parametrize("era", [MODERN, LEGACY, ""])
async def test_each_ends_in_a_sentence(hostile, transport, path, kind, era):
    with pytest.raises(UpstreamError) as failure:
        async with asyncio.timeout(FOR_EVER):
            await call(transport, hostile.url(path), era, deadline=1.0 if kind is UpstreamTimeout else 60.0)
    if era == MODERN:
        assert isinstance(failure.value, kind)
    assert failure.value.message.endswith(".")
    assert SECRET not in str(failure.getrepr(chain=True))


async def test_nothing_follows_a_redirect(hostile, transport):
    with pytest.raises(UpstreamBroken, match="redirect"):
        await call(transport, hostile.url("/redirect"))
    assert {seen.path for seen in hostile.seen} == {"/redirect"}


async def test_what_is_out_of_reach_is_not_called(hostile, transport):
    with pytest.raises(UpstreamOutOfReach) as failure:
        await call(transport, hostile.url("/fine"), reach=Reach())
    assert not failure.value.may_have_run
    assert hostile.connections == 0


async def test_a_server_that_is_not_there_may_not_have_run_it(transport):
    with pytest.raises(UpstreamDown) as failure:
        await call(transport, "http://127.0.0.1:1/mcp")
    assert not failure.value.may_have_run


async def test_a_broken_connection_may_have_run_it(hostile, transport):
    with pytest.raises(UpstreamDown) as failure:
        await call(transport, hostile.url("/hang-up"))
    assert failure.value.may_have_run


async def test_an_error_of_the_server_is_an_answer(hostile, transport):
    answer = await call(transport, hostile.url("/rpc-error"))
    assert (json.loads(answer.error), answer.status) == ({"code": -32602, "message": "No such tool"}, 400)


async def test_bytes_pass_as_they_are_sent(hostile, transport):
    heard = []

    async def listen(raw):
        heard.append(raw)

    answer = await call(
        transport, hostile.url("/chatty-events"), listen=listen, arguments=b'{"n":1.0e2,"n2":98765432109876543210}'
    )
    assert answer.result == b'{"big":123456789012345678901234567890}'
    assert heard == [b'{"jsonrpc":"2.0", "method":"notifications/progress","params":{"x":12345678901234567890.10}}']
    assert b'"arguments":{"n":1.0e2,"n2":98765432109876543210}' in hostile.seen[-1].body


async def test_a_lost_session_is_opened_again_once(hostile, transport):
    endpoint = {"connector": uuid4(), "url": hostile.url("/legacy"), "era": LEGACY}
    await call(transport, **endpoint)
    await call(transport, **endpoint)
    assert len(hostile.of("initialize")) == 1
    hostile.sessions.clear()
    await asyncio.gather(*(call(transport, **endpoint) for _ in range(8)))
    assert len(hostile.of("initialize")) == 2
    assert {seen.headers["mcp-session-id"] for seen in hostile.of("notifications/initialized")} == {"session-1"}


async def test_a_server_that_forgets_at_once_is_not_asked_forever(hostile, transport):
    with pytest.raises(UpstreamBroken):
        await call(transport, hostile.url("/legacy-forgets"), LEGACY)
    assert len(hostile.of("initialize")) == 2
    assert len(hostile.of("tools/call")) == 2


async def test_a_session_id_that_is_no_header_value_is_refused(hostile, transport):
    with pytest.raises(UpstreamBroken, match="session id"):
        await call(transport, hostile.url("/legacy-odd-session"), LEGACY)


async def test_what_a_server_asks_back_is_declined(hostile, transport):
    answer = await call(transport, hostile.url("/legacy-asks"), LEGACY)
    assert answer.result
    said = next(seen for seen in hostile.seen if seen.message.get("id") == "q1")
    assert said.message["error"]["code"] == -32601
    assert said.headers["mcp-session-id"] == "session-1"


@pytest.mark.parametrize("ending", ["cancelled", "timed out"])
async def test_a_legacy_server_is_told_that_nobody_waits(hostile, transport, ending):
    task = asyncio.ensure_future(
        call(transport, hostile.url("/legacy-hangs"), LEGACY, deadline=30 if ending == "cancelled" else 5.0)
    )
    while not hostile.of("tools/call"):
        await asyncio.sleep(0.02)
    if ending == "cancelled":
        task.cancel()
    with pytest.raises((asyncio.CancelledError, UpstreamTimeout)):
        await task
    for _ in range(3000):
        if hostile.of("notifications/cancelled"):
            break
        await asyncio.sleep(0.02)
    told = hostile.of("notifications/cancelled")[0]
    assert told.message["params"]["requestId"] == hostile.of("tools/call")[0].message["id"]
    assert told.headers["authorization"] == f"Bearer {SECRET}"


async def test_a_modern_server_sees_the_stream_close(hostile, transport):
    task = asyncio.ensure_future(call(transport, hostile.url("/drip-events"), deadline=30))
    while not hostile.seen:
        await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.to_thread(hostile.closed_by_client.wait, 60)


async def test_waiting_for_a_session_ends_with_the_caller_not_with_the_opening(hostile, transport):
    endpoint = {"connector": uuid4(), "url": hostile.url("/legacy"), "era": LEGACY}
    first = asyncio.ensure_future(call(transport, **endpoint))
    second = asyncio.ensure_future(call(transport, **endpoint))
    await asyncio.sleep(0)
    first.cancel()
    assert (await second).result
    assert len(hostile.of("initialize")) == 1


async def test_a_listener_that_fails_ends_the_call(hostile, transport):
    async def listen(raw):
        raise RuntimeError("gone")

    with pytest.raises(RuntimeError, match="gone"):
        await call(transport, hostile.url("/chatty-events"), listen=listen)


async def test_a_server_that_talks_without_end_is_cut_off(hostile, monkeypatch):
    heard = 0

    async def listen(raw):
        nonlocal heard
        heard += 1

    monkeypatch.setattr(answer_stream, "PER_SECOND", 1e6)
    egress = AsyncEgress()
    transport = NativeTransport(egress)
    with pytest.raises(UpstreamBroken, match="more than 10000 events"):
        await call(transport, hostile.url("/many-events"), listen=listen, deadline=120)
    assert heard == 10_000
    await transport.close()
    await egress.close()


async def test_a_server_that_talks_fast_is_read_more_slowly(hostile, transport, monkeypatch):
    monkeypatch.setattr(answer_stream, "BURST", 20)
    monkeypatch.setattr(answer_stream, "PER_SECOND", 50.0)
    heard = []

    async def listen(raw):
        heard.append(raw)

    with pytest.raises(UpstreamTimeout):
        await call(transport, hostile.url("/many-events"), listen=listen, deadline=4.0)
    assert 20 <= len(heard) < 400


async def list_tools(transport, url, era=MODERN, remarks=None):
    with OpenCredential() as credential:
        return await transport.list_tools(
            Endpoint(uuid4(), NATIVE, url, LOCAL, era), credential, deadline=10, remarks=remarks
        )


async def test_tools_with_invalid_annotations_are_left_out(hostile, transport):
    remarks = Remarks()
    assert await list_tools(transport, hostile.url("/list"), remarks=remarks) == [{"name": "b"}]
    assert len(remarks.left_out) == 1 and "a header's name has characters" in remarks.left_out[0]


@pytest.mark.parametrize("path", ["/listless", "/deep", "/html"])
async def test_lists_that_make_no_sense_are_refused(hostile, transport, path):
    with pytest.raises(UpstreamBroken):
        await list_tools(transport, hostile.url(path))


async def test_looking_at_a_legacy_server_leaves_no_session_behind(hostile, transport):
    with OpenCredential() as credential:
        found = await transport.discover(
            Endpoint(uuid4(), NATIVE, hostile.url("/legacy"), LOCAL), credential, deadline=10
        )
    assert (found.era, found.protocol_version, found.server_info) == (LEGACY, "2025-06-18", {"name": "old"})
    assert [seen.headers["mcp-session-id"] for seen in hostile.seen if seen.method == "DELETE"] == ["session-1"]
