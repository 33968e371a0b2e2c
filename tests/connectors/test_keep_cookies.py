"""Cookies of a balancer stay with the session that got them: no other session, connector or host sees them."""

import asyncio
from uuid import uuid4

import pytest

from connectors.transports.base import NATIVE, Caller, Endpoint
from connectors.transports.native.cookies import MOST, Cookies
from connectors.transports.native.outgoing import Attached
from harriet.lib.mcp.versions import LEGACY, SSE
from harriet.lib.secret import Secret
from tests.connectors.asking import LOCAL, calling
from tests.servers.refusing import behaving, old, with_cookies
from vault.types.bearer import AUTHORIZATION
from vault.types.registry import placed


async def call(transport, url, key, connector, era=LEGACY, placement=AUTHORIZATION):
    with placed("bearer", placement, "", Secret("sk-canary")) as credential:
        await transport.request(
            Endpoint(connector, NATIVE, url, LOCAL, era), credential, calling("x"), caller=Caller(key), deadline=10
        )


def cookies(hostile, method="tools/call"):
    return [seen.headers.get("cookie") for seen in hostile.of(method)]


@pytest.mark.parametrize("has_ids", [True, False])
async def test_each_session_sends_its_own(hostile, transport, has_ids):
    url = hostile.url(behaving("/sticky", with_cookies("AWSALB=NODE; Path=/; HttpOnly", "b=1", has_ids=has_ids)))
    crm, erp = uuid4(), uuid4()
    for key, connector in (("dana", crm), ("dana", crm), ("bob", crm), ("dana", erp)):
        await call(transport, url, key, connector)
    assert cookies(hostile, "initialize") == [None] * 3
    assert cookies(hostile) == [f"AWSALB=node-{node}; b=1" for node in (1, 1, 2, 3)]
    assert cookies(hostile, "notifications/initialized") == [f"AWSALB=node-{node}; b=1" for node in (1, 2, 3)]
    await transport.close()


async def test_the_newest_value_counts(hostile, transport):
    url = hostile.url(behaving("/rotating", with_cookies("turn=0; Path=/", rotates=True)))
    crm = uuid4()
    for _ in range(3):
        await call(transport, url, "dana", crm)
    assert cookies(hostile) == ["turn=0", "turn=1", "turn=2"]


async def test_the_credentials_cookie_is_not_replaced(hostile, transport):
    url = hostile.url(behaving("/greedy", with_cookies("session=stolen", "node=NODE")))
    await call(transport, url, "dana", uuid4(), placement={"in": "cookie", "name": "session"})
    assert cookies(hostile) == ["session=sk-canary; node=node-1"]


async def test_a_lost_session_takes_its_cookies_with_it(hostile, transport):
    sticky = with_cookies("node=NODE")

    async def lose_once(its, seen, writer):
        if seen.message.get("method") == "tools/call" and len(its.of("tools/call")) == 1:
            writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            return
        await sticky(its, seen, writer)

    await call(transport, hostile.url(behaving("/sticky-loses", lose_once)), "dana", uuid4())
    assert cookies(hostile, "initialize") == [None, None]
    assert cookies(hostile) == ["node=node-1", "node=node-2"]


async def test_the_oldest_transport_finds_the_machine_of_its_stream(hostile, transport):
    url = hostile.url(old("/old-sticky"))
    crm = uuid4()
    await asyncio.gather(call(transport, url, "dana", crm, SSE), call(transport, url, "bob", crm, SSE))
    assert sorted(cookies(hostile)) == ["node=old-0", "node=old-1"]


def taken(*headers, url="https://crm.example/v1/mcp"):
    jar = Cookies(url)
    jar.take(list(headers))
    return jar.beside({}).get("Cookie", "")


@pytest.mark.parametrize(
    ("header", "sent"),
    [
        ("a=1", "a=1"),
        ('a="x y"; Path=/', 'a="x y"'),
        ("a=b=c==; Secure; SameSite=None; Partitioned", "a=b=c=="),
        ("a=1; Domain=crm.example", "a=1"),
        ("a=1; domain=.EXAMPLE.", ""),
        ("a=1; Domain=example", ""),
        ("a=1; Domain=other.example", ""),
        ("a=1; Domain=m.example", ""),
        ("a=1; Path=/v1", "a=1"),
        ("a=1; Path=/v1/", "a=1"),
        ("a=1; Path=/v", ""),
        ("a=1; Path=/v1/mcp/more", ""),
        ("a=1; Max-Age=0", ""),
        ("a=1; Max-Age=-1", ""),
        ("a=1; Max-Age=60; Expires=Wed, 21 Oct 2015 07:28:00 GMT", "a=1"),
        ("a=1; Expires=Wed, 21 Oct 2015 07:28:00 GMT", ""),
        ("a=1; Expires=Wed, 21-Oct-2015 07:28:00 GMT", ""),
        ("a=1; Expires=whenever", "a=1"),
        ("__Host-a=1; Secure; Path=/", "__Host-a=1"),
        ("__Host-a=1; Secure; Path=/; Domain=crm.example", ""),
        ("__Secure-a=1; Secure", "__Secure-a=1"),
        ("a", ""),
        ("=1", ""),
        ("a b=1", ""),
        ("a=\x011", ""),
        ("a=grün", ""),
        ("a=" + "x" * 5000, ""),
    ],
)
def test_only_what_is_for_this_address_is_kept(header, sent):
    assert taken(header) == sent


def test_secure_cookies_stay_off_the_plain_wire():
    assert taken("a=1; Secure", "b=2", "__Secure-c=3; Secure", url="http://crm.example/") == "b=2"


def test_a_cookie_is_deleted_and_they_are_bounded():
    assert taken("a=1", "b=2", "a=; Max-Age=0") == "b=2"
    assert taken(*(f"c{number}=1" for number in range(100))).count("=") == MOST


def test_their_values_are_never_written_out():
    jar = Cookies("https://crm.example/")
    jar.take(["session=very-secret"])
    attached = Attached({"Cookie": "own=very-secret"}, None, jar)
    assert "very-secret" not in f"{jar!r} {attached!r} {attached}"
    assert attached.sent() == {"Cookie": "own=very-secret; session=very-secret"}
