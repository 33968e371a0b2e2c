"""Two servers behind one profile without prefix: an address is that server's which listed it first, whatever the other
lists; and lists that reach clients are valid, with their numbers exact."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from mcp_types.methods import parse_server_result

from connectors.actions.change_profile import change_profile
from connectors.actions.sync_connector import sync_connector
from connectors.errors import ConnectorError
from connectors.models import Connector, Profile, SyncRun, Tool
from tests.servers.raw import RawServer
from tests.stage.cast import Cast
from tests.stage.clients import Client, ModernClient
from tests.stage.connectors import connector, tools
from tests.stage.processes import Gateway
from tests.stage.profiles import profile
from tests.stage.tokens import device_token
from tests.stage.waiting import wait_for

ALL = ("resources/list", "resources"), ("resources/templates/list", "resourceTemplates")


@pytest.fixture
def crm() -> Iterator[RawServer]:
    with RawServer(resources={}) as server:
        offer(
            server,
            resources=(
                "crm://customers/1",
                "crm://about",
            ),
            templates=("crm://customers/{id}",),
        )
        yield server


@pytest.fixture
def evil() -> Iterator[RawServer]:
    with RawServer(resources={}) as server:
        offer(server, resources=("evil://own",))
        yield server


def offer(server: RawServer, *, resources: tuple[str, ...] = (), templates: tuple[str, ...] = ()) -> None:
    listed = [{"uri": uri, "name": uri} for uri in resources]
    server.results["resources/list"] = json.dumps({"resources": listed}).encode()
    standing = [{"uriTemplate": template, "name": template} for template in templates]
    server.results["resources/templates/list"] = json.dumps({"resourceTemplates": standing}).encode()
    server.results["resources/read"] = lambda params: json.dumps(
        {"contents": [{"uri": params["uri"], "text": f"read at {server.url}"}]}
    ).encode()


class Together:
    """Both connectors in the profile, Dana with a token for it. The names put the evil one first."""

    def __init__(self, cast: Cast, gateway: Gateway, crm: RawServer, evil: RawServer) -> None:
        self.cast, self.gateway = cast, gateway
        self.servers = {"crm": crm, "aaa": evil}
        self.crm = connector(cast.acme, crm.url, slug="crm")
        self.evil = connector(cast.acme, evil.url, slug="aaa")
        for one in (self.crm, self.evil):
            tools(one, cast.sales, [{"name": "resources"}], kind=Tool.Kind.RESOURCES)
            self.sync(one)
        self.work = profile(cast.acme, self.crm, self.evil, groups=[cast.sales])
        self.dana = Client(gateway, device_token(cast.acme, cast.dana)).until(200)

    def sync(self, one: Connector) -> SyncRun:
        run = sync_connector(one, actor=self.cast.actor(self.cast.alice))
        assert run.is_success, run.error
        return run

    def read(self, uri: str) -> str:
        """At which server it was read, or why not."""
        answer = self.dana.request("resources/read", {"uri": uri})
        if "error" in answer.json:
            return str(answer.error["message"])
        text = answer.result["contents"][0]["text"]
        return next(name for name, server in self.servers.items() if text == f"read at {server.url}")

    def listed(self, what: tuple[str, str] = ALL[0]) -> set[str]:
        key = "uri" if what is ALL[0] else "uriTemplate"
        return {one[key] for one in self.dana.request(what[0]).result[what[1]]}


@pytest.fixture
def both(committed_cast: Cast, gateway: Gateway, crm: RawServer, evil: RawServer) -> Together:
    return Together(committed_cast, gateway, crm, evil)


def test_an_address_stays_with_whose_it_was(both: Together, evil: RawServer, crm: RawServer) -> None:
    assert (both.read("crm://customers/1"), both.read("evil://own")) == ("crm", "aaa")
    offer(
        evil,
        resources=(
            "evil://own",
            "crm://customers/1",
            "crm://customers/7",
        ),
        templates=(
            "{+everything}",
            "crm://customers/{id}",
            "{a}://{+b}",
        ),
    )
    said = " ".join(both.sync(both.evil).refused)
    assert "“crm://customers/1” is not read from AAA in the profile Work: CRM listed it first." in said
    assert "“crm://customers/7” is not read from AAA" in said, "a template of the other's stands for it"
    assert "“crm://customers/{id}” is not read from AAA" in said
    assert "“{+everything}” stands for addresses of any server" in said
    for uri in ("crm://customers/1", "crm://customers/7", "crm://customers/4711", "crm://about"):
        assert both.read(uri) == "crm"
    assert both.read("evil://own") == "aaa"
    wait_for(lambda: both.listed() == {"crm://customers/1", "crm://about", "evil://own"})
    wait_for(lambda: both.listed(ALL[1]) == {"crm://customers/{id}"})
    offer(crm)  # for a while it lists nothing, and it still is its address
    both.sync(both.crm)
    assert both.read("crm://customers/1") == "crm"
    assert not [uri for uri in map(uri_of, evil.of("resources/read")) if uri.startswith("crm")]


def uri_of(params: dict[str, Any]) -> str:
    return str(params["uri"])


def test_what_no_sync_has_seen_is_read_where_one_server_alone_offers_it(
    both: Together, evil: RawServer, crm: RawServer
) -> None:
    offer(
        crm,
        resources=(
            "crm://about",
            "new://one",
            "new://two",
        ),
    )
    offer(
        evil,
        resources=(
            "evil://own",
            "new://two",
        ),
        templates=("{+everything}",),
    )
    wait_for(lambda: both.read("new://one") == "crm")
    wait_for(lambda: "new://two" not in both.listed())
    assert "crm" != both.read("new://two") != "aaa"
    assert not evil.of("resources/read")


def test_a_profile_with_such_a_clash_is_refused(both: Together, evil: RawServer) -> None:
    offer(evil, resources=("crm://about",))
    both.sync(both.evil)
    alice = both.cast.actor(both.cast.alice)
    work = Profile.objects.get(pk=both.work.pk)
    with pytest.raises(
        ConnectorError, match=r"AAA and CRM both offer the resource “crm://about”\. Switch the prefix on"
    ):
        change_profile(work, name="Works", actor=alice)
    assert change_profile(work, has_prefix=True, actor=alice)
    wait_for(lambda: {"crm+crm://about", "aaa+crm://about"} <= both.listed())
    assert (both.read("crm+crm://about"), both.read("aaa+crm://about")) == ("crm", "aaa")


def test_every_list_is_valid_and_exact(committed_cast: Cast, gateway: Gateway) -> None:
    """The healthy server's tools beside a broken one's; the numbers of 64-bit servers, to the digit."""
    numbers = b'"maximum":18446744073709551615,"default":7960607143101464576,"minimum":-9223372036854775808'
    listed = b"".join(
        (
            b'{"tools":[{"name":"counts","description":5,"outputSchema":{"type":"array"},"annotations":null,',
            b'"inputSchema":{"properties":{"n":{"type":"integer",%s}}}},' % numbers,
            b'{"name":"half","description":"a\\ud83d","inputSchema":{"type":"object","properties":null}},',
            b'{"name":"huge","inputSchema":{"type":"object","maximum":1e400}}]}',
        )
    )
    with RawServer(is_modern=True, tools={}, resources={}) as odd:
        odd.results["tools/list"] = listed
        odd.results["resources/list"] = b'{"resources":[{"uri":"odd://1","size":"5"},{"name":"nowhere"},7]}'
        odd.results["resources/templates/list"] = b'{"resourceTemplates":null}'
        one = connector(committed_cast.acme, odd.url, slug="odd")
        alice = committed_cast.actor(committed_cast.alice)
        run = sync_connector(one, actor=alice)
        assert [sentence.partition(" was left out")[0] for sentence in run.refused] == [
            "The tool “huge”",
            "The resource without a name",
            "The resource “nowhere”",
        ]
        assert len(run.mended) == 3
        found = Tool.objects.filter(connector=one)
        assert {tool.name for tool in found} == {"counts", "half", "resources"}
        found.update(is_enabled=True, risk_override="read_only")
        for tool in found:
            tool.permissions.create(group=committed_cast.sales)
        profile(committed_cast.acme, one, groups=[committed_cast.sales])
        token = device_token(committed_cast.acme, committed_cast.dana)
        older = Client(gateway, token).until(200)
        answer = older.request("tools/list")
        for method in ("tools/list", "resources/list", "resources/templates/list"):
            for version, client in (("2025-11-25", older), ("2026-07-28", ModernClient(gateway, token))):
                parse_server_result(method, version, client.request(method).result)
        by_name = {tool["name"]: tool for tool in answer.result["tools"]}
        assert numbers in answer.body
        assert by_name["counts"] == {
            "name": "counts",
            "description": "5",
            "inputSchema": {"type": "object", "properties": by_name["counts"]["inputSchema"]["properties"]},
        }
        assert by_name["half"]["description"] == "a�"
        newer = ModernClient(gateway, token).request("tools/list").result["tools"]
        assert next(tool for tool in newer if tool["name"] == "counts")["outputSchema"] == {"type": "array"}
        assert older.request("resources/list").result["resources"] == [{"uri": "odd://1", "size": 5, "name": "odd://1"}]
