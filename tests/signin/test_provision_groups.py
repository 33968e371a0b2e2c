"""The directory fills groups: in the words of Entra ID and of Okta, with thousands of members, and two at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from audit.models import Event
from harriet.people.models import AssertedIdentity, Group, Membership, User
from tests.stage.cast import Cast
from tests.stage.directory import GROUP, Directory, directory, user_id


@pytest.fixture
def entra(cast: Cast) -> Directory:
    return directory(cast)


def in_group(group_id: str) -> set[str]:
    return {str(pk) for pk in Membership.objects.filter(groups=group_id).values_list("pk", flat=True)}


@pytest.mark.django_db
def test_entra_adds_and_takes_out_in_its_own_words(cast: Cast, entra: Directory) -> None:
    dana, bob = user_id(cast.dana, cast.acme), user_id(cast.bob, cast.acme)
    group = entra.group("Engineers")
    path = f"/Groups/{group['id']}"
    entra.patch(path, {"op": "Add", "path": "members", "value": [{"value": dana}, {"value": bob}]})
    assert in_group(group["id"]) == {dana, bob}
    entra.patch(path, {"op": "Remove", "path": "members", "value": [{"value": dana}]})
    assert in_group(group["id"]) == {bob}
    entra.patch(path, {"op": "remove", "path": f'members[value eq "{bob}"]'})
    assert in_group(group["id"]) == set()
    entra.patch(path, {"op": "add", "path": "members", "value": [{"value": dana}, {"value": bob}]})
    entra.patch(path, {"op": "replace", "path": "members", "value": [{"value": bob}]})
    assert in_group(group["id"]) == {bob}
    entra.patch(path, {"op": "remove", "path": "members"})
    assert in_group(group["id"]) == set()
    assert Event.objects.filter(code="group.member_added").count() == 4
    sentences = [event.sentence for event in Event.objects.filter(code="group.member_removed")]
    assert "Entra ID (SCIM) took dana@acme.test out of the group Engineers." in sentences


@pytest.mark.django_db
def test_okta_renames_and_replaces(cast: Cast, entra: Directory) -> None:
    dana = user_id(cast.dana, cast.acme)
    group = entra.group("Engineers", dana)
    entra.patch(f"/Groups/{group['id']}", {"op": "replace", "value": {"id": group["id"], "displayName": "Builders"}})
    assert Group.objects.get(pk=group["id"]).name == "Builders" and in_group(group["id"]) == {dana}
    whole = {"schemas": [GROUP], "displayName": "Makers", "externalId": "00g1", "members": []}
    assert entra.ask("PUT", f"/Groups/{group['id']}", whole).status == 200
    assert in_group(group["id"]) == set()
    assert entra.get("/Groups", filter='externalId eq "00g1"').json["totalResults"] == 1
    assert entra.ask("DELETE", f"/Groups/{group['id']}").status == 204
    assert entra.get(f"/Groups/{group['id']}").status == 404


@pytest.mark.django_db
def test_servers_are_told_of_the_groups_that_the_directory_says(cast: Cast, entra: Directory) -> None:
    eve = entra.create("eve@acme.test")
    group = entra.group("Engineers", eve["id"])
    identity = AssertedIdentity.objects.get(membership=eve["id"])
    assert identity.groups == ["Engineers"]
    entra.patch(f"/Groups/{group['id']}", {"op": "replace", "path": "displayName", "value": "Builders"})
    identity.refresh_from_db()
    assert identity.groups == ["Builders"]
    entra.ask("DELETE", f"/Groups/{group['id']}")
    identity.refresh_from_db()
    assert identity.groups == []


@pytest.mark.django_db
def test_a_group_that_people_made_is_filled_and_never_deleted(cast: Cast, entra: Directory) -> None:
    found = entra.get("/Groups", filter='displayName eq "sales"', excludedAttributes="members").json["Resources"]
    assert [one["id"] for one in found] == [str(cast.sales.pk)] and "members" not in found[0]
    refused = entra.ask("DELETE", f"/Groups/{cast.sales.pk}")
    assert refused.status == 403 and "made in Harriet" in refused.json["detail"]
    assert entra.ask("POST", "/Groups", {"schemas": [GROUP], "displayName": "SALES"}).status == 409


@pytest.mark.django_db
def test_members_are_asked_for_one_by_one(cast: Cast, entra: Directory) -> None:
    """As Entra does before it removes somebody."""
    dana, bob = user_id(cast.dana, cast.acme), user_id(cast.bob, cast.acme)
    ask = f'id eq "{cast.sales.pk}" and members eq "{{}}"'
    assert entra.get("/Groups", filter=ask.format(dana)).json["totalResults"] == 1
    assert entra.get("/Groups", filter=ask.format(bob)).json["totalResults"] == 0
    assert entra.get("/Groups", filter=f'members[value eq "{dana}"]').json["totalResults"] == 1
    assert entra.get("/Groups", filter=f'members[value eq "{bob}"]').json["totalResults"] == 0
    assert entra.get("/Groups", filter=f'members[value eq "{dana}" and value eq "{bob}"]').status == 400
    assert entra.get(f"/Users/{dana}").json["groups"][0]["display"] == "Sales"


@pytest.mark.django_db
@pytest.mark.parametrize("member", ["nonsense", "00000000-0000-0000-0000-000000000000", "charlie"])
def test_strangers_and_groups_are_no_members(cast: Cast, entra: Directory, member: str) -> None:
    value = user_id(cast.charlie, cast.globex) if member == "charlie" else member
    said = entra.patch(f"/Groups/{cast.sales.pk}", {"op": "add", "path": "members", "value": [{"value": value}]})
    assert said.status == 400 and value in said.json["detail"]
    nested = {"op": "add", "path": "members", "value": [{"value": str(cast.sales.pk), "type": "Group"}]}
    assert entra.patch(f"/Groups/{cast.sales.pk}", nested).status == 400


@pytest.mark.django_db
def test_who_was_deleted_leaves_the_groups_of_the_directory(cast: Cast, entra: Directory) -> None:
    eve = entra.create("eve@acme.test")
    group = entra.group("Engineers", eve["id"])
    entra.ask("DELETE", f"/Users/{eve['id']}")
    assert "members" not in entra.get(f"/Groups/{group['id']}").json
    assert in_group(group["id"]) == set()


@pytest.mark.django_db
def test_a_group_of_two_thousand(cast: Cast, entra: Directory) -> None:
    users = User.objects.bulk_create(User(email=f"p{number}@acme.test") for number in range(2000))
    people = Membership.objects.bulk_create(Membership(organization=cast.acme, user=user) for user in users)
    group = entra.group("Everybody", *(str(one.pk) for one in people[:1000]))
    said = entra.patch(
        f"/Groups/{group['id']}",
        {"op": "add", "path": "members", "value": [{"value": str(one.pk)} for one in people[1000:]]},
    )
    assert said.status in (200, 204)
    assert len(entra.get(f"/Groups/{group['id']}").json["members"]) == len(in_group(group["id"])) == 2000
    one = str(people[7].pk)
    entra.patch(f"/Groups/{group['id']}", {"op": "Remove", "path": "members", "value": [{"value": one}]})
    assert one not in in_group(group["id"]) and len(in_group(group["id"])) == 1999


@pytest.mark.django_db(transaction=True)
def test_changes_at_once_all_count(committed_cast: Cast) -> None:
    """Entra sends them side by side: none is lost, and none is refused."""
    entra = directory(committed_cast)
    ids = [entra.create(f"p{number}@acme.test")["id"] for number in range(8)]
    group = entra.group("Engineers")

    def add(one: str) -> int:
        try:
            other = Directory(entra.organization, entra.token)
            operation = {"op": "add", "path": "members", "value": [{"value": one}]}
            return other.patch(f"/Groups/{group['id']}", operation).status
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(add, ids)) <= {200, 204}
    assert in_group(group["id"]) == set(ids)
