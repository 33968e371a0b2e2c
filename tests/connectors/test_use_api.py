"""Connectors, tools and profiles through the REST API: the same actions, secrets in and never out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from connectors.models import Connector, Profile
from tests.servers.moody import Server, prompt
from tests.stage.cast import Cast
from tests.stage.connectors import Connecting, connector, tool
from tests.stage.profiles import profile


class Api:
    def __init__(self, client: Client) -> None:
        self.client = client

    def __call__(self, verb: str, path: str, **body: Any) -> Any:
        call = getattr(self.client, verb)
        return call(f"/api/v1/{path}", body or None, **({} if verb == "get" else {"content_type": "application/json"}))


@pytest.fixture
def api(client: Client, cast: Cast) -> Api:
    client.force_login(cast.alice)
    return Api(client)


def test_a_connector_from_nothing(api: Api, cast: Cast, server: Server) -> None:
    server.token = "hush-hush"
    authentication = {"type": "bearer", "secret": "hush-hush"}
    made = api(
        "post",
        "connectors/",
        slug="crm",
        name="CRM",
        url=server.url,
        allow_internal=True,
        authentication=authentication,
    )
    assert made.status_code == 201, made.content
    assert "hush-hush" not in made.content.decode()
    pk = made.json()["id"]
    assert [one["kind"] for one in api("post", f"connectors/{pk}/test/").json()] == ["ok"] * 5
    assert api("post", f"connectors/{pk}/sync/").json()["found"] == 3
    tools = {one["name"]: one for one in api("get", f"connectors/{pk}/tools/").json()["results"]}
    assert tools["send_mail"]["definition"] == server.tools[1] and not tools["send_mail"]["is_enabled"]
    changed = api("patch", f"tools/{tools['send_mail']['id']}/", is_enabled=True, groups=["sales"], roles=["approver"])
    assert changed.json()["groups"] == ["sales"] and changed.json()["is_enabled"]
    assert api("patch", f"connectors/{pk}/", state="paused").json()["status"] == "Paused"
    assert api("put", f"connectors/{pk}/authentication/", type="bearer").json() == {
        "secret": ["Send the secret; the saved one is never read back."]
    }
    assert api("delete", f"connectors/{pk}/").status_code == 204
    assert not Connector.objects.exists()


def test_a_connector_asks_for_checks_of_arguments(api: Api, connect: Connecting) -> None:
    crm = connect()
    assert api("get", f"connectors/{crm.pk}/").json()["checks_arguments"] is False
    for wanted in (True, False):
        assert api("patch", f"connectors/{crm.pk}/", checks_arguments=wanted).json()["checks_arguments"] is wanted
    assert api("post", f"connectors/{crm.pk}/sync/").json()["unchecked"] == []


def test_nothing_is_half_made(api: Api, cast: Cast) -> None:
    answer = api("post", "connectors/", slug="crm", name="CRM", url="http://10.0.0.1/mcp")
    assert answer.status_code == 400 and "url" in answer.json()
    assert not Connector.objects.exists()


def test_profiles_by_name(api: Api, cast: Cast, connect: Connecting) -> None:
    connect.synced()
    made = api(
        "post", "profiles/", slug="work", name="Work", groups=["sales"], connectors=["crm"], people=["bob@acme.test"]
    )
    assert made.status_code == 201, made.content
    assert made.json()["url"].endswith("/mcp/acme/work")
    pk = made.json()["id"]
    changed = api("patch", f"profiles/{pk}/", tools=["crm/send_mail"], connectors=[], prefix=True).json()
    assert (changed["tools"], changed["connectors"], changed["prefix"]) == (["crm/send_mail"], [], True)
    assert api("patch", f"profiles/{pk}/", people=["charlie@globex.test"]).status_code == 400
    assert api("delete", f"profiles/{pk}/").status_code == 204
    assert not Profile.objects.exists()


def test_members_may_list_nothing_and_change_nothing(client: Client, cast: Cast, connect: Connecting) -> None:
    connector = connect.synced()
    client.force_login(cast.dana)
    api = Api(client)
    assert api("get", "connectors/").status_code == 403
    assert api("patch", f"connectors/{connector.pk}/", name="Mine").status_code == 403
    assert api("post", f"connectors/{connector.pk}/sync/").status_code == 403


def test_prompts_and_resources_say_what_they_are(api: Api, server: Server, connect: Connecting) -> None:
    server.prompts, server.has_resources = [prompt("greet")], True
    crm = connect.synced()
    shown = api("get", f"connectors/{crm.pk}/").json()
    assert (shown["tools"], shown["prompts"], shown["resources"], shown["resources_enabled"]) == (3, 1, True, False)
    assert {one["kind"] for one in api("get", f"connectors/{crm.pk}/tools/").json()["results"]} == {
        "tool",
        "prompt",
        "resources",
    }
    greet = api("get", f"connectors/{crm.pk}/tools/?kind=prompt").json()["results"]
    assert [(one["name"], one["definition"]["arguments"][0]["name"]) for one in greet] == [("greet", "topic")]
    fields: dict[str, Any] = {"tools": ["crm/send_mail"], "prompts": ["crm/greet"], "resources": ["crm"]}
    fields |= {"progressive": True, "hold_seconds": 40}
    made = api("post", "profiles/", slug="work", name="Work", **fields).json()
    assert {name: made[name] for name in fields} == fields
    changed = api("patch", f"profiles/{made['id']}/", prompts=[], progressive=False, hold_seconds=None).json()
    assert changed["hold_seconds"] is None
    assert api("patch", f"profiles/{made['id']}/", hold_seconds=301).status_code == 400
    assert (changed["tools"], changed["prompts"], changed["resources"]) == (["crm/send_mail"], [], ["crm"])
    assert not Profile.objects.get().is_progressive
    refused = api("patch", f"profiles/{made['id']}/", prompts=["crm/send_mail"])
    assert refused.status_code == 400 and "There is no “crm/send_mail” here." in refused.content.decode()


def test_rules_and_scopes(api: Api, cast: Cast) -> None:
    crm = connector(cast.acme, "http://127.0.0.1:9/mcp")
    schema = {"type": "object", "properties": {"amount": {"type": "number"}}}
    pay = tool(crm, {"name": "pay", "inputSchema": schema}, cast.sales, risk_override="moderate")
    work = profile(cast.acme, crm, groups=[cast.sales])
    rules = f"connectors/{crm.pk}/rules/"
    assert api("post", rules, told="Large.").json() == {"condition": ["A rule needs it."]}
    wrong = api("post", rules, told="Large.", condition="args.amout > 5", tool="pay")
    assert wrong.status_code == 400 and "“amout”" in wrong.json()["condition"][0]
    made = api("post", rules, told="Large.", condition="args.amount > 1000", tool="pay")
    assert made.status_code == 201, made.content
    rule = made.json()["id"]
    assert api("patch", f"{rules}{rule}/", effect="refuse", on=False).json()["effect"] == "refuse"
    (listed,) = api("get", rules).json()
    assert (listed["tool"], listed["condition"], listed["on"]) == ("pay", "args.amount > 1000", False)
    assert api("delete", f"{rules}{rule}/").status_code == 204 and api("get", rules).json() == []
    assert api("patch", f"profiles/{work.pk}/", trust="autonomous").json()["trust"] == "autonomous"
    scopes, until = f"profiles/{work.pk}/scopes/", (timezone.now() + timedelta(days=1)).isoformat()
    late = api("post", scopes, name="Night", reason="Nightly.", expires_at="2199-01-01T00:00:00Z", tools=["crm/pay"])
    assert late.json() == {"expires_at": ["Choose an end within the next 90 days."]}
    scope = api("post", scopes, name="Night", reason="Nightly.", expires_at=until, tools=["crm/pay"]).json()
    assert scope["tools"] == [f"crm/{pay}"] and scope["made_by"] == cast.alice.email
    assert api("delete", f"{scopes}{scope['id']}/").status_code == 204
    assert api("get", scopes).json()[0]["ended_at"]


def test_many_scopes_are_listed_as_fast_as_one(api: Api, cast: Cast) -> None:
    crm = connector(cast.acme, "http://127.0.0.1:9/mcp")
    tool(crm, {"name": "pay"}, cast.sales, risk_override="moderate")
    work = profile(cast.acme, crm, groups=[cast.sales], trust="autonomous")
    scopes, until = f"profiles/{work.pk}/scopes/", (timezone.now() + timedelta(days=1)).isoformat()
    asked: list[int] = []
    for name in ("Night", "Day", "Noon"):
        fields = {"name": name, "reason": "Needed.", "expires_at": until, "tools": ["crm/pay"]}
        assert api("post", scopes, **fields).status_code == 201
        with CaptureQueriesContext(connection) as queries:
            listed = api("get", scopes).json()
        assert all(one["tools"] == ["crm/pay"] for one in listed)
        asked.append(len(queries))
    assert len(set(asked)) == 1, asked
