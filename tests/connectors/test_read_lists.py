"""Lists as servers really write them: what is wrong with one entry costs that entry, or only a string of it, is named
with its reason, and never costs the rest of the list."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import pytest

from connectors.definitions.sound import Remarks
from connectors.errors import UpstreamBroken
from connectors.transports.base import NATIVE, Endpoint
from connectors.transports.native.paging import MOST_PAGES
from connectors.transports.native.transport import NativeTransport
from harriet.lib.egress import AsyncEgress, Reach
from tests.servers.raw import RawServer
from vault.opened import OpenCredential

LOCAL = Reach(allow_internal=True, internal_hosts=("127.0.0.1",))
GOOD = b'{"name":"good","inputSchema":{"type":"object"}}'
DEEP = b"[" * 500 + b"]" * 500


@pytest.fixture
def server() -> Iterator[RawServer]:
    with RawServer() as running:
        yield running


@pytest.fixture
async def transport() -> AsyncIterator[NativeTransport]:
    egress = AsyncEgress()
    transport = NativeTransport(egress)
    yield transport
    await transport.close()
    await egress.close()


async def names(
    server: RawServer, transport: NativeTransport, remarks: Remarks | None = None, kind: str = "tools"
) -> list[str]:
    endpoint = Endpoint(uuid4(), NATIVE, server.url, LOCAL)
    with OpenCredential() as credential:
        listed = await transport.list_all(
            endpoint, credential, f"{kind}/list", kind, deadline=120, remarks=remarks or Remarks()
        )
    return [entry["name"] for entry in listed]


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (b'{"name":"bad","inputSchema":{"type":"object","maximum":1e400}}', "inputSchema/maximum is a number that"),
        (b'{"name":"bad","_meta":{"n":-1E999}}', "_meta/n is a number that"),
        (b'{"name":"bad","_meta":{"n":1%s}}' % (b"0" * 400), "_meta/n is a number that"),
        (b'{"name":"bad","_meta":{"n":1%s}}' % (b"0" * 9000), "_meta/n is a number that"),
        (b'{"name":"bad","_meta":{"n":NaN}}', "_meta/n is a number that"),
        (b'{"name":"bad","_meta":[-Infinity]}', "_meta/0 is a number that"),
        (b'{"name":"bad","title":"a","title":"b"}', "has the member “title” twice"),
        (b'{"name":"bad","inputSchema":{"a":1,"\\u0061":2}}', "inputSchema has the member “a” twice"),
        (b'{"name":"bad","_meta":' + DEEP + b"}", "nests deeper than 64 levels"),
        (b'{"name":"bad","_meta":' + DEEP[400:600] + b"}", "nests deeper than 64 levels"),
        (b'{"name":"bad\\ud83d"}', "name has half a character"),
        (b'{"name":"bad\xff"}', "name has half a character"),
        (b'{"name":"bad","inputSchema":{"properties":{"\\ud83d":{}}}}', "a name in inputSchema/properties has half"),
        (b'{"name":"bad","inputSchema":{"required":["\\ud83d"]}}', "inputSchema/required/0 has half a character"),
        (b'"bad"', "it is not an object"),
        (b"null", "it is not an object"),
    ],
)
async def test_one_bad_entry_costs_itself(
    server: RawServer, transport: NativeTransport, entry: bytes, reason: str
) -> None:
    server.results["tools/list"] = b'{"tools":[%s,%s]}' % (entry, GOOD)
    remarks = Remarks()
    assert await names(server, transport, remarks) == ["good"]
    assert len(remarks.left_out) == 1 and reason in remarks.left_out[0]
    assert remarks.left_out[0].isprintable()
    assert not remarks.mended


@pytest.mark.parametrize(
    ("entry", "place", "becomes"),
    [
        (b'{"name":"a","description":"x\\ud83d"}', "description", {"name": "a", "description": "x�"}),
        (b'{"name":"a","title":"\\uDE00x"}', "title", {"name": "a", "title": "�x"}),
        (b'{"name":"a","title":"\xc3x"}', "title", {"name": "a", "title": "�x"}),
        (b'{"name":"a","_meta":{"\\ud83d":1}}', "_meta/", {"name": "a", "_meta": {"�": 1}}),
        (
            b'{"name":"a","inputSchema":{"properties":{"k":{"enum":["\\ud83d","b"]}}}}',
            "inputSchema/properties/k/enum/0",
            {"name": "a", "inputSchema": {"properties": {"k": {"enum": ["�", "b"]}}}},
        ),
        (
            b'{"name":"a","inputSchema":{"properties":{"k":{"pattern":"[^\\ud800-\\udfff]"}}}}',
            "inputSchema/properties/k/pattern",
            {"name": "a", "inputSchema": {"properties": {"k": {}}}},
        ),
        (
            b'{"name":"a","annotations":{"title":"\\udfff","readOnlyHint":true}}',
            "annotations/title",
            {"name": "a", "annotations": {"title": "�", "readOnlyHint": True}},
        ),
    ],
)
async def test_one_bad_string_is_replaced_and_its_place_is_named(
    server: RawServer, transport: NativeTransport, entry: bytes, place: str, becomes: object
) -> None:
    server.results["tools/list"] = b'{"tools":[%s,%s]}' % (entry, GOOD)
    remarks, endpoint = Remarks(), Endpoint(uuid4(), NATIVE, server.url, LOCAL)
    with OpenCredential() as credential:
        listed = await transport.list_all(endpoint, credential, "tools/list", "tools", deadline=120, remarks=remarks)
    assert listed == [becomes, json.loads(GOOD)]
    assert (
        len(remarks.mended) == 1
        and f"“a” has half a character (of a surrogate pair, or of UTF-8) in {place}" in (remarks.mended[0])
    )
    assert not remarks.left_out


@pytest.mark.parametrize("is_modern", [False, True])
async def test_it_is_the_same_in_an_event_stream_and_in_either_era(transport: NativeTransport, is_modern: bool) -> None:
    with RawServer(is_modern=is_modern) as server:
        server.in_events = True
        server.results["tools/list"] = b'{"tools":[{"name":"a","title":"\\ud83d\xff"},{"name":"b","n":NaN},%s]}' % GOOD
        remarks = Remarks()
        assert await names(server, transport, remarks) == ["a", "good"]
        assert (len(remarks.mended), len(remarks.left_out)) == (1, 1)


async def test_whole_characters_stay_as_they_are(server: RawServer, transport: NativeTransport) -> None:
    server.results["tools/list"] = b'{"tools":[{"name":"a","title":"\\ud83d\\ude00 \xf0\x9f\x98\x80 \\u0000 \x01"}]}'
    remarks, endpoint = Remarks(), Endpoint(uuid4(), NATIVE, server.url, LOCAL)
    with OpenCredential() as credential:
        listed = await transport.list_all(endpoint, credential, "tools/list", "tools", deadline=120, remarks=remarks)
    assert listed == [{"name": "a", "title": "😀 😀 \0 \x01"}]
    assert remarks == Remarks()


@pytest.mark.parametrize(
    "number", [7960607143101464576, 9223372036854775807, 18446744073709551615, 2**53, -(2**63), 10**300]
)
async def test_whole_numbers_keep_their_digits(server: RawServer, transport: NativeTransport, number: int) -> None:
    server.results["tools/list"] = b'{"tools":[{"name":"a","_meta":{"n":%d}}]}' % number
    endpoint = Endpoint(uuid4(), NATIVE, server.url, LOCAL)
    with OpenCredential() as credential:
        listed = await transport.list_all(endpoint, credential, "tools/list", "tools", deadline=120)
    assert listed[0]["_meta"]["n"] == number and isinstance(listed[0]["_meta"]["n"], int)


def page(*found: str, **more: object) -> bytes:
    tools = [{"name": name, "inputSchema": {"type": "object"}} for name in found]
    return json.dumps({"tools": tools, **more}).encode()


@pytest.mark.parametrize("cursor", ["", None, False, 0, 5, {"after": "b"}, "next", "\ud83d"])
async def test_pages_that_never_say_the_end_end_where_they_repeat(
    server: RawServer, transport: NativeTransport, cursor: object
) -> None:
    server.results["tools/list"] = page("a", "b", nextCursor=cursor)
    found = await names(server, transport)
    assert found == ["a", "b"]
    assert len(server.of("tools/list")) <= 2


async def test_a_list_in_another_order_each_time_ends(server: RawServer, transport: NativeTransport) -> None:
    orders = itertools.cycle([("a", "b", "c"), ("c", "a", "b"), ("b", "c", "a")])
    server.results["tools/list"] = lambda _: page(*next(orders), nextCursor="")
    assert await names(server, transport) == ["a", "b", "c"]


@pytest.mark.parametrize("cursor", ["", "same", 7])
async def test_a_server_that_counts_by_itself_is_read_to_its_end(
    server: RawServer, transport: NativeTransport, cursor: object
) -> None:
    """Each page is new, though all have the same cursor; after the last one comes nothing, or the last one again."""
    pages = iter([page("a", nextCursor=cursor), page("b", nextCursor=cursor), page("c", nextCursor=cursor)])
    last = page("c", nextCursor=cursor)
    server.results["tools/list"] = lambda _: next(pages, last)
    assert await names(server, transport) == ["a", "b", "c"]


async def test_a_cursor_that_is_no_text_is_given_back_as_it_came(server: RawServer, transport: NativeTransport) -> None:
    def paged(params: dict[str, object]) -> bytes:
        start = params.get("cursor", 0)
        assert isinstance(start, int)
        return page(f"tool{start}", **({"nextCursor": start + 1} if start < 4 else {"nextCursor": None}))

    server.results["tools/list"] = paged
    assert await names(server, transport) == ["tool0", "tool1", "tool2", "tool3", "tool4"]


async def test_empty_pages_end(server: RawServer, transport: NativeTransport) -> None:
    server.results["tools/list"] = page(nextCursor="")
    assert await names(server, transport) == []
    server.results["tools/list"] = b'{"tools":null}'  # as Go writes an empty list
    assert await names(server, transport) == []


async def test_a_list_that_really_never_ends_is_refused_within_the_bounds(
    server: RawServer, transport: NativeTransport
) -> None:
    numbers = itertools.count()
    server.results["tools/list"] = lambda _: page(f"t{next(numbers)}", nextCursor="more")
    with pytest.raises(UpstreamBroken, match="doesn't end"):
        await names(server, transport)
    assert len(server.of("tools/list")) == MOST_PAGES


@pytest.mark.parametrize(
    "result",
    [
        b'{"tools":5}',
        b"{}",
        b'{"tools":{}}',
        b"[]",
        b"5",
        b'{"tools":[',
        b'{"tools":[1 2]}',
        b'{"tools":[],"tools":[1]}',
    ],
)
async def test_what_is_no_list_is_refused(server: RawServer, transport: NativeTransport, result: bytes) -> None:
    server.results["tools/list"] = result
    with pytest.raises(UpstreamBroken):
        await names(server, transport)


async def test_a_server_that_says_odd_things_of_itself_is_still_met(
    server: RawServer, transport: NativeTransport
) -> None:
    server.results["initialize"] = (
        b'{"protocolVersion":"2025-11-25","capabilities":{"tools":true,"experimental":{"n":1e400},"prompts":null,'
        b'"resources":false,"logging":[]},'
        b'"serverInfo":{"name":"\\ud83d","version":"1"},"instructions":"x\\ud83d\xff"}'
    )
    server.results["tools/list"] = page("a")
    with OpenCredential() as credential:
        found = await transport.discover(Endpoint(uuid4(), NATIVE, server.url, LOCAL), credential, deadline=120)
    assert found.instructions == "x��"
    assert found.server_info == {"name": "�", "version": "1"}
    assert found.capabilities == {"tools": {}, "experimental": {"n": None}, "logging": {}}
    assert await names(server, transport) == ["a"]
