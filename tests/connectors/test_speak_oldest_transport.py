"""Servers that speak the transport of 2024-11-05: one event stream for all answers, POST for all requests."""

import asyncio
import json
from uuid import uuid4

import pytest

from connectors.errors import UpstreamBroken, UpstreamDown, UpstreamError, UpstreamRefusedCredential, UpstreamTimeout
from connectors.transports.base import NATIVE, Caller, Endpoint
from connectors.transports.native.http_sse_stream import same_origin
from connectors.transports.native.transport import NativeTransport
from harriet.lib.egress import AsyncEgress
from harriet.lib.mcp.versions import SSE
from harriet.lib.secret import Secret
from tests.connectors.asking import LOCAL, calling
from tests.servers.talkative import TALKATIVE
from vault.types.bearer import AUTHORIZATION
from vault.types.registry import placed

FORMS = b'{"elicitation":{"form":{}}}'
assert TALKATIVE


@pytest.fixture
def endpoint(hostile):
    return Endpoint(uuid4(), NATIVE, hostile.url("/old/sse"), LOCAL, SSE)


def bearer():
    return placed("bearer", AUTHORIZATION, "", Secret("sk-canary"))


async def call(transport, endpoint, tool="echo", *, key="dana", can=b"{}", deadline=10.0, listen=None, person=None):
    with bearer() as credential:
        answer = await transport.request(
            endpoint,
            credential,
            calling(tool, b'{"n":1.0}'),
            caller=Caller(key, can),
            deadline=deadline,
            on_notification=listen,
            on_question=person,
        )
    assert answer.era == SSE
    return json.loads(answer.result)["said"]


def streams(hostile):
    return [seen for seen in hostile.seen if seen.method == "GET"]


async def test_it_is_found_when_nothing_else_works(hostile, transport):
    unknown = Endpoint(uuid4(), NATIVE, hostile.url("/old/sse"), LOCAL)
    with bearer() as credential:
        found = await transport.discover(unknown, credential, deadline=10)
        assert (found.era, found.protocol_version, found.server_info) == (SSE, "2024-11-05", {"name": "oldest"})
        tools = await transport.list_tools(unknown, credential, deadline=10)
    assert [tool["name"] for tool in tools] == ["echo"]
    assert await call(transport, unknown) == {"n": 1.0}


async def test_one_stream_serves_many_calls(hostile, transport, endpoint):
    said = await asyncio.gather(*(call(transport, endpoint) for _ in range(20)))
    assert said == [{"n": 1.0}] * 20
    assert len(streams(hostile)) == len(hostile.of("initialize")) == 1
    assert {seen.headers["authorization"] for seen in hostile.seen} == {"Bearer sk-canary"}
    await call(transport, endpoint, key="bob")
    assert len(streams(hostile)) == 2


async def test_progress_arrives(hostile, transport, endpoint):
    heard = []

    async def listen(raw):
        heard.append(json.loads(raw)["method"])

    await call(transport, endpoint, listen=listen)
    assert heard == ["notifications/progress"]


async def test_people_answer_in_their_own_time(hostile, transport, endpoint):
    async def think(method, params):
        await asyncio.sleep(6.0)
        return b'"result":{"action":"decline"}'

    assert await call(transport, endpoint, "ask", can=FORMS, deadline=5.0, person=think) == {"action": "decline"}


async def test_a_call_without_an_answer_ends_and_the_server_is_told(hostile, transport, endpoint):
    with pytest.raises(UpstreamTimeout):
        await call(transport, endpoint, "hang", deadline=3.0)
    for _ in range(6000):
        if hostile.of("notifications/cancelled"):
            break
        await asyncio.sleep(0.01)
    assert hostile.of("notifications/cancelled")
    assert await call(transport, endpoint) == {"n": 1.0}


async def test_a_stream_that_ends_ends_its_calls_and_no_others(hostile, transport, endpoint):
    with pytest.raises(UpstreamDown, match="ended its event stream"):
        await call(transport, endpoint, "hang up")
    assert await call(transport, endpoint) == {"n": 1.0}
    assert len(streams(hostile)) == 2


async def test_it_wants_its_credential(hostile, transport):
    unknown = Endpoint(uuid4(), NATIVE, hostile.url("/old-401"), LOCAL)
    with bearer() as credential, pytest.raises(UpstreamRefusedCredential) as failure:
        await transport.discover(unknown, credential, deadline=10)
    assert failure.value.challenge == "Bearer"


async def test_the_server_does_not_choose_another_host(hostile, transport):
    with pytest.raises(UpstreamBroken, match="another host"):
        await call(transport, Endpoint(uuid4(), NATIVE, hostile.url("/old-elsewhere"), LOCAL, SSE))


@pytest.mark.parametrize("path", ["/fine", "/html", "/401", "/503", "/hang-up", "/not-http", "/huge-event"])
async def test_what_is_not_such_a_server_ends_in_a_sentence(hostile, path):
    egress = AsyncEgress()
    transport = NativeTransport(egress, max_bytes=200_000)
    with pytest.raises(UpstreamError) as failure:
        await call(transport, Endpoint(uuid4(), NATIVE, hostile.url(path), LOCAL, SSE), deadline=30)
    assert failure.value.message.endswith(".")
    await transport.close()
    await egress.close()


@pytest.mark.parametrize(
    ("uri", "whole"),
    [
        ("/messages?s=1", "https://a.example/messages?s=1"),
        ("messages", "https://a.example/v1/messages"),
        ("https://a.example/x", "https://a.example/x"),
    ],
)
def test_the_address_is_read_like_a_link(uri, whole):
    assert same_origin("https://a.example/v1/sse", uri) == whole


@pytest.mark.parametrize("uri", ["https://b.example/", "http://a.example/", "//b.example/x", "https://a.example:1/"])
def test_the_address_stays_at_its_origin(uri):
    with pytest.raises(UpstreamBroken):
        same_origin("https://a.example/v1/sse", uri)
