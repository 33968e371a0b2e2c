"""Lists within what the API tells: the first names, where all of them are, and changing one without naming the rest."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from connectors.models import Profile, ToolPermission
from harriet.people.api.inner_lists import MOST_NAMED
from harriet.people.models import Group, Membership, User
from tests.stage.cast import Cast
from tests.stage.connectors import connector, tool
from tests.stage.profiles import profile

MANY = MOST_NAMED + 20
AT_ONE_MOMENT = 1_200
"""Rows of one transaction have one time: more than a number of rows to skip could tell apart."""


@pytest.fixture
def alice(client: Client, cast: Cast) -> Client:
    client.force_login(cast.alice)
    return client


def many_groups(cast: Cast, count: int = MANY) -> list[Group]:
    made = (Group(organization=cast.acme, slug=f"team-{n}", name=f"Team {n}") for n in range(count))
    return Group.objects.bulk_create(made)


def everything(client: Client, address: str, way: str = "next") -> list[Any]:
    """Of all pages from there."""
    rows, page = [], client.get(address).json()
    while True:
        rows += page["results"]
        if page[way] is None:
            return rows
        page = client.get(page[way]).json()


def change(client: Client, address: str, **body: Any) -> Any:
    return client.patch(address, body, content_type="application/json")


def test_a_page_leads_to_the_next_also_among_very_many_rows_of_one_moment(alice: Client, cast: Cast) -> None:
    expected = {group.slug for group in many_groups(cast, AT_ONE_MOMENT)} | {cast.sales.slug}
    rows = [row["slug"] for row in everything(alice, "/api/v1/groups/")]
    assert len(rows) == len(expected) and set(rows) == expected
    first = alice.get("/api/v1/groups/").json()
    second = alice.get(first["next"]).json()
    assert first["previous"] is None and alice.get(second["previous"]).json()["results"] == first["results"]
    for wrong in ("x", "b2xkZXIgeCB5", "bmV3ZXIgMjAyNi0wMS0wMSAx"):
        assert alice.get(f"/api/v1/groups/?cursor={wrong}").status_code == 404


def test_a_profile_names_the_first_of_each_list_and_leads_to_all(alice: Client, cast: Cast) -> None:
    crm = connector(cast.acme, "http://127.0.0.1:9/mcp")
    work = profile(cast.acme, crm, groups=[cast.sales])
    users = User.objects.bulk_create(User(email=f"p{n}@acme.test", name="P") for n in range(MANY))
    people = Membership.objects.bulk_create(
        Membership(organization=cast.acme, user=user, role="member") for user in users
    )
    work.people.set(people)
    address = f"/api/v1/profiles/{work.pk}/"
    told = alice.get(address).json()
    assert told == alice.get("/api/v1/profiles/").json()["results"][0]
    assert len(told["people"]) == MOST_NAMED and told["groups"] == ["sales"]
    assert told["more"].keys() == {"people"} and told["more"]["people"].endswith(f"{address}people/")
    assert {row["email"] for row in everything(alice, f"{address}people/")} == {user.email for user in users}
    assert [row["slug"] for row in everything(alice, f"{address}connectors/")] == ["crm"]

    refused = change(alice, address, people=[*told["people"], "bob@acme.test"])
    assert refused.status_code == 400 and "whole_lists" in refused.json()["people"][0]
    assert work.people.count() == MANY, "nobody is lost whose name was not told"
    moves = {"add": ["Bob@acme.test"], "remove": ["p0@acme.test"]}
    assert change(alice, f"{address}people/", **moves).status_code == 204
    named = set(work.people.values_list("user__email", flat=True))
    assert len(named) == MANY and "bob@acme.test" in named and "p0@acme.test" not in named
    assert change(alice, f"{address}people/", add=["charlie@globex.test"]).status_code == 400
    assert change(alice, address, people=["bob@acme.test"], whole_lists=True).json()["people"] == ["bob@acme.test"]


def test_single_tools_and_prompts_are_two_lists(alice: Client, cast: Cast) -> None:
    crm = connector(cast.acme, "http://127.0.0.1:9/mcp")
    for kind in ("tool", "prompt"):
        tool(crm, {"name": "greet"}, kind=kind)
    work = Profile.objects.create(organization=cast.acme, slug="some", name="Some")
    address = f"/api/v1/profiles/{work.pk}/"
    for what in ("tools", "prompts"):
        assert change(alice, f"{address}{what}/", add=["crm/greet"]).status_code == 204
    assert [row["kind"] for row in everything(alice, f"{address}prompts/")] == ["prompt"]
    assert change(alice, f"{address}tools/", remove=["crm/greet"]).status_code == 204
    told = alice.get(address).json()
    assert (told["tools"], told["prompts"], told["more"]) == ([], ["crm/greet"], {})


@pytest.mark.parametrize("what", ["person", "tool"])
def test_groups_come_and_go_without_naming_the_others(alice: Client, cast: Cast, what: str) -> None:
    groups = many_groups(cast)
    if what == "person":
        row = Membership.objects.get(user=cast.dana)
        row.groups.set(groups)
        address, listed = f"/api/v1/people/{row.pk}/", "/api/v1/people/"
    else:
        one = tool(connector(cast.acme, "http://127.0.0.1:9/mcp"), {"name": "send"})
        ToolPermission.objects.create(tool=one, role="approver")
        ToolPermission.objects.bulk_create(ToolPermission(tool=one, group=group) for group in groups)
        address, listed = f"/api/v1/tools/{one.pk}/", f"/api/v1/connectors/{one.connector_id}/tools/"
    told = alice.get(address).json()
    assert told in alice.get(listed).json()["results"] and len(told["groups"]) == MOST_NAMED
    assert change(alice, address, groups=["sales"]).status_code == 400
    assert change(alice, f"{address}groups/", add=["sales"], remove=["team-0", "team-1"]).status_code == 204
    slugs = {group["slug"] for group in everything(alice, f"{address}groups/")}
    assert slugs == {"sales", *(f"team-{n}" for n in range(2, MANY))}
    assert alice.get(address).json().get("roles", ["approver"]) == ["approver"]


def test_who_may_not_list_reads_no_list_within(client: Client, cast: Cast) -> None:
    work = profile(cast.acme, connector(cast.acme, "http://127.0.0.1:9/mcp"), groups=[cast.sales])
    for user, expected in ((cast.dana, 403), (cast.charlie, 404)):
        client.force_login(user)
        for what in ("groups", "people", "connectors", "tools", "prompts", "resources"):
            address = f"/api/v1/profiles/{work.pk}/{what}/"
            assert client.get(address).status_code == expected, what
            assert change(client, address, add=[]).status_code in {400, expected}
        groups = f"/api/v1/people/{Membership.objects.get(user=cast.bob).pk}/groups/"
        assert client.get(groups).status_code == expected
        assert change(client, groups, add=["sales"]).status_code in {403, 404}
