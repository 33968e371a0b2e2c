"""The directory makes people known, changes them and takes their access away, each in its own dialect of SCIM."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse

from audit.models import Event
from harriet.people.actions.issue_device_credential import issue_device_credential
from harriet.people.actions.issue_personal_token import issue_personal_token
from harriet.people.actions.register_device import register_device
from harriet.people.models import (
    AccessToken,
    AssertedIdentity,
    Device,
    Membership,
    Notice,
    RightGiven,
    SignInRule,
    User,
)
from harriet.people.roles import Role
from harriet.signin.models import Domain
from tests.stage.cast import Cast, person
from tests.stage.directory import ENTERPRISE, USER, Directory, directory, user_id

pytestmark = pytest.mark.django_db


@pytest.fixture
def entra(cast: Cast) -> Directory:
    return directory(cast)


def member(address: str) -> Membership:
    return Membership.objects.select_related("user").get(user__email=address)


def eve_as_entra_sends_her() -> dict[str, Any]:
    return {
        "schemas": [USER, ENTERPRISE],
        "externalId": "0a21f0f2",
        "userName": "Eve@acme.test",
        "active": True,
        "displayName": "Eve Stone",
        "emails": [{"primary": True, "type": "work", "value": "eve@acme.test"}],
        "meta": {"resourceType": "User"},
        "name": {"formatted": "Eve Stone", "familyName": "Stone", "givenName": "Eve"},
        "title": "Engineer",
        ENTERPRISE: {"employeeNumber": "701984", "department": "Tools"},
    }


def test_entra_asks_for_eve_and_then_makes_her_known(entra: Directory) -> None:
    assert entra.get("/Users", filter='userName eq "Eve@acme.test"').json["totalResults"] == 0
    said = entra.ask("POST", "/Users", eve_as_entra_sends_her())
    assert said.status == 201, said.json
    assert said.headers["Location"].endswith(f"/scim/v2/acme/Users/{said.json['id']}")
    assert said.json["externalId"] == "0a21f0f2" and said.json["name"]["familyName"] == "Stone"
    assert said.json[ENTERPRISE] == {"employeeNumber": "701984"}
    eve = member("eve@acme.test")
    assert (eve.role, eve.user.name, eve.user.has_usable_password()) == ("member", "Eve Stone", False)
    identity = AssertedIdentity.objects.get(membership=eve)
    assert (identity.source, identity.subject, identity.employee_id) == ("scim", "0a21f0f2", "701984")
    assert identity.signed_in_at is None
    assert entra.get("/Users", filter='userName eq "eve@ACME.test"').json["Resources"][0]["id"] == said.json["id"]


@pytest.mark.parametrize("active", [False, "False", "false"])
def test_entra_deactivates_by_a_text_in_a_patch(entra: Directory, active: Any) -> None:
    eve = entra.create("eve@acme.test")
    said = entra.patch(f"/Users/{eve['id']}", {"op": "Replace", "path": "active", "value": active})
    assert said.status in (200, 204)
    assert not member("eve@acme.test").is_active
    assert entra.get(f"/Users/{eve['id']}").json["active"] is False
    back = entra.patch(f"/Users/{eve['id']}", {"op": "Add", "path": "active", "value": "True"})
    assert back.status in (200, 204) and member("eve@acme.test").is_active


@pytest.mark.parametrize(
    ("operation", "is_active"),
    [
        ({"op": "replace", "path": "active", "value": 0}, False),
        ({"op": "replace", "path": "active", "value": "0"}, False),
        ({"op": "REPLACE", "path": "ACTIVE", "value": "FALSE"}, False),
        ({"op": "replace", "path": f"{USER}:active", "value": "False"}, False),
        ({"op": "replace", "value": {f"{USER}:active": "False"}}, False),
        ({"op": "add", "value": {"active": 0}}, False),
        ({"op": "remove", "path": "active"}, True),
        ({"op": "replace", "path": "active", "value": None}, True),
    ],
)
def test_every_way_to_say_that_somebody_is_active_or_not(
    entra: Directory, operation: dict[str, Any], is_active: bool
) -> None:
    """What is taken away says nothing: neither in nor out."""
    eve = entra.create("eve@acme.test")
    assert entra.patch(f"/Users/{eve['id']}", operation).status in (200, 204)
    assert member("eve@acme.test").is_active is is_active


@pytest.mark.parametrize("value", ["maybe", " false ", [], [False], {"value": False}])
def test_what_is_neither_yes_nor_no_is_refused_in_a_sentence(entra: Directory, value: Any) -> None:
    eve = entra.create("eve@acme.test")
    said = entra.patch(f"/Users/{eve['id']}", {"op": "replace", "path": "active", "value": value})
    assert (said.status, said.json["scimType"]) == (400, "invalidValue")
    assert said.json["detail"].startswith("active: ") and "validation error" not in said.json["detail"]
    assert "\n" not in said.json["detail"] and "pydantic" not in said.json["detail"]
    assert member("eve@acme.test").is_active


def test_okta_deactivates_by_a_value_without_a_path_and_never_deletes(entra: Directory) -> None:
    eve = entra.create("eve@acme.test")
    entra.patch(f"/Users/{eve['id']}", {"op": "replace", "value": {"active": False}})
    assert not member("eve@acme.test").is_active
    whole = {"schemas": [USER], "id": eve["id"], "userName": "eve@acme.test", "active": True}
    assert entra.ask("PUT", f"/Users/{eve['id']}", whole).status == 200
    assert member("eve@acme.test").is_active


def test_a_replacement_that_says_nothing_of_active_lets_nobody_back_in(entra: Directory) -> None:
    eve = entra.create("eve@acme.test", active=False)
    whole = {"schemas": [USER], "userName": "eve@acme.test", "displayName": "Eve"}
    assert entra.ask("PUT", f"/Users/{eve['id']}", whole).json["active"] is False
    assert not member("eve@acme.test").is_active


def test_entra_changes_names_and_addresses_that_were_not_there_yet(entra: Directory) -> None:
    eve = entra.create("eve@acme.test")
    said = entra.patch(
        f"/Users/{eve['id']}",
        {"op": "Add", "path": 'emails[type eq "work"].value', "value": "eve.stone@acme.test"},
        {"op": "Add", "path": "name.givenName", "value": "Eve"},
        {"op": "Replace", "value": {"displayName": "Eve Stone", f"{ENTERPRISE}:employeeNumber": "7"}},
        {"op": "Add", "path": f"{ENTERPRISE}:department", "value": "Tools"},
    )
    assert said.status in (200, 204), said.json
    told = entra.get(f"/Users/{eve['id']}").json
    assert told["emails"][0]["value"] == "eve.stone@acme.test" and told["name"] == {"givenName": "Eve"}
    assert told[ENTERPRISE] == {"employeeNumber": "7"}
    account = member("eve@acme.test")
    assert account.user.name == "Eve Stone", "the account's own address stays: it is how they sign in"


def test_deactivation_ends_tokens_devices_and_sessions_in_one_step(
    cast: Cast, entra: Directory, client: Client
) -> None:
    device = register_device(cast.acme, cast.dana, "Laptop", actor=cast.actor(cast.dana))
    issue_device_credential(device, name="Claude", expires_in_days=30, actor=cast.actor(cast.dana))
    api = issue_personal_token(cast.acme, cast.dana, "script", 30, actor=cast.actor(cast.dana)).secret.reveal()
    client.force_login(cast.dana)
    dana = user_id(cast.dana, cast.acme)
    assert Client().get("/api/v1/people/", headers={"Authorization": f"Bearer {api}"}).status_code != 401
    entra.patch(f"/Users/{dana}", {"op": "replace", "path": "active", "value": False})
    assert not AccessToken.objects.filter(user=cast.dana, revoked_at=None).exists()
    assert not Device.objects.filter(user=cast.dana, revoked_at=None).exists()
    assert not Session.objects.exists()
    assert client.get(reverse("me:home"))["Location"].startswith(reverse("account_login"))
    assert Client().get("/api/v1/people/", headers={"Authorization": f"Bearer {api}"}).status_code == 401
    sentence = Event.objects.get(code="person.deactivated").sentence
    assert sentence == "Entra ID (SCIM) deactivated dana@acme.test; 2 tokens and 1 device were revoked."


def test_who_was_deleted_is_found_no_more_stays_named_and_may_come_back(entra: Directory) -> None:
    eve = entra.create("eve@acme.test", displayName="Eve Stone")
    assert entra.ask("DELETE", f"/Users/{eve['id']}").status == 204
    assert entra.get(f"/Users/{eve['id']}").status == 404
    assert entra.ask("DELETE", f"/Users/{eve['id']}").status == 404
    assert entra.get("/Users", filter='userName eq "eve@acme.test"').json["totalResults"] == 0
    gone = member("eve@acme.test")
    assert not gone.is_active and gone.user.name == "Eve Stone"
    assert "eve@acme.test" in Event.objects.get(code="scim.person_withdrawn").sentence
    again = entra.create("eve@acme.test")
    assert member("eve@acme.test").is_active and entra.get(f"/Users/{again['id']}").status == 200


def test_the_last_owner_stays_and_the_owners_are_told(cast: Cast, entra: Directory) -> None:
    alice = user_id(cast.alice, cast.acme)
    for _ in range(2):
        said = entra.patch(f"/Users/{alice}", {"op": "replace", "path": "active", "value": False})
        assert said.status == 403 and "last active owner" in said.json["detail"]
    assert entra.ask("DELETE", f"/Users/{alice}").status == 403
    assert Membership.objects.get(pk=alice).is_active
    assert Event.objects.filter(code="scim.refused").count() == 3
    assert Notice.objects.filter(user=cast.alice, key=f"directory refused {alice}").count() == 1
    person(cast.acme, "Olga", Role.OWNER)
    assert entra.patch(f"/Users/{alice}", {"op": "replace", "path": "active", "value": False}).status in (200, 204)


def test_nobody_is_made_known_twice(cast: Cast, entra: Directory) -> None:
    entra.create("eve@acme.test")
    for user_name in ("eve@acme.test", "EVE@acme.test", "dana@acme.test"):
        said = entra.ask("POST", "/Users", {"schemas": [USER], "userName": user_name})
        assert (said.status, said.json["scimType"]) == (409, "uniqueness")
    eve = entra.create("other@acme.test")
    taken = entra.patch(f"/Users/{eve['id']}", {"op": "replace", "path": "userName", "value": "Eve@acme.test"})
    assert taken.status == 409


def test_a_member_by_another_user_name_is_found_by_their_address(cast: Cast, entra: Directory) -> None:
    emails = [{"value": "Dana@acme.test", "type": "work"}]
    dana = entra.create("dsilva", emails=emails)
    assert dana["id"] == user_id(cast.dana, cast.acme)
    assert User.objects.get(pk=cast.dana.pk).check_password("correct horse battery")


def test_an_account_of_another_organization_is_not_taken(cast: Cast, entra: Directory) -> None:
    said = entra.ask("POST", "/Users", {"schemas": [USER], "userName": "charlie@globex.test", "displayName": "X"})
    assert said.status == 409 and "invite them" in said.json["detail"]
    assert not Membership.objects.filter(user=cast.charlie, organization=cast.acme).exists()
    assert User.objects.get(pk=cast.charlie.pk).name == "Charlie"


def test_an_account_of_a_verified_domain_gets_a_place_and_stays_as_it_is(cast: Cast, entra: Directory) -> None:
    Domain.objects.create(organization=cast.acme, name="globex.test", proof="p", verified_at=Now())
    entra.create("charlie@globex.test", displayName="Somebody else")
    charlie = User.objects.get(pk=cast.charlie.pk)
    assert charlie.name == "Charlie" and charlie.check_password("correct horse battery")
    assert {one.organization for one in charlie.memberships.filter(is_active=True)} == {cast.acme, cast.globex}


def test_the_owner_who_gets_in_without_single_sign_on_stays(cast: Cast, entra: Directory) -> None:
    """Else nobody gets in while the provider is down."""
    olga = person(cast.acme, "Olga", Role.OWNER)
    SignInRule.objects.create(organization=cast.acme, is_enforced=True, break_glass=olga)
    path = f"/Users/{user_id(olga, cast.acme)}"
    for said in (entra.ask("DELETE", path), entra.patch(path, {"op": "replace", "path": "active", "value": "False"})):
        assert said.status == 403 and "without single sign-on" in said.json["detail"]
    assert Membership.objects.get(user=olga).is_active and Event.objects.filter(code="scim.refused").count() == 2


def test_who_works_at_two_organizations_keeps_their_name(cast: Cast, entra: Directory) -> None:
    Membership.objects.create(organization=cast.acme, user=cast.charlie)
    charlie = user_id(cast.charlie, cast.acme)
    entra.patch(f"/Users/{charlie}", {"op": "replace", "path": "displayName", "value": "Somebody else"})
    assert User.objects.get(pk=cast.charlie.pk).name == "Charlie"
    entra.patch(f"/Users/{charlie}", {"op": "replace", "path": "active", "value": False})
    assert Membership.objects.get(user=cast.charlie, organization=cast.globex).is_active


def test_a_user_without_an_address_gets_no_account(entra: Directory) -> None:
    said = entra.ask("POST", "/Users", {"schemas": [USER], "userName": "eve"})
    assert said.status == 400 and "without an e-mail address" in said.json["detail"]


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_another_organizations_people_and_groups_are_not_there(cast: Cast, method: str) -> None:
    globex = directory(cast, cast.globex, cast.charlie)
    body = None if method in ("GET", "DELETE") else {"schemas": [USER], "userName": "x@globex.test"}
    if method == "PATCH":
        body = {
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{"op": "replace", "path": "displayName", "value": "X"}],
        }
    assert globex.ask(method, f"/Users/{user_id(cast.dana, cast.acme)}", body).status == 404
    if method != "PUT":
        assert globex.ask(method, f"/Groups/{cast.sales.pk}", body).status == 404


@pytest.mark.parametrize("token", ["", "hrt_scim_wrong", "Bearer"])
def test_a_wrong_token_opens_nothing(entra: Directory, token: str) -> None:
    for path in ("/Users", "/ServiceProviderConfig", "/Schemas", "/nothing"):
        said = Directory(entra.organization, token).get(path)
        assert said.status == 401 and said.headers["WWW-Authenticate"].startswith("Bearer")
        assert said.json["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]


def test_tokens_open_their_own_door_only(cast: Cast, entra: Directory, client: Client) -> None:
    api = issue_personal_token(cast.acme, cast.alice, "script", 30, actor=cast.actor(cast.alice)).secret.reveal()
    assert Directory(cast.acme, api).get("/Users").status == 401
    assert Directory(cast.globex, entra.token).get("/Users").status == 401
    client.force_login(cast.alice)
    assert client.get("/scim/v2/acme/Users").status_code == 401
    assert client.get("/api/v1/people/", headers={"Authorization": f"Bearer {entra.token}"}).status_code == 401


def test_what_the_directory_gives_its_makers_could_have_given(cast: Cast, entra: Directory) -> None:
    """Alice has seen the token: whom it lets decide, she may have let decide."""
    entra.patch(
        f"/Groups/{cast.sales.pk}", {"op": "add", "path": "members", "value": [{"value": user_id(cast.bob, cast.acme)}]}
    )
    assert RightGiven.objects.get(to_id=cast.bob.pk).by == cast.alice


def test_nobody_but_owners_makes_a_token(cast: Cast, client: Client) -> None:
    adam = person(cast.acme, "Adam", Role.MCP_ADMIN)
    client.force_login(adam)
    assert client.get("/settings/scim/").status_code == 200
    assert client.post("/settings/scim/new/", {"name": "x", "expires_in_days": 3, "overlap_days": 0}).status_code == 403


def test_the_token_is_shown_once_and_the_one_before_goes_on_for_a_while(cast: Cast, client: Client) -> None:
    before = directory(cast)
    client.force_login(cast.alice)
    given = {"name": "Entra ID, 2027", "expires_in_days": 365, "overlap_days": 7}
    shown = client.post("/settings/scim/new/", given, follow=True)
    secret = shown.context["secret"]
    assert secret.startswith("hrt_scim_") and shown["Cache-Control"] == "private, no-store"
    assert secret not in client.get(shown.redirect_chain[-1][0]).content.decode()
    assert [Directory(cast.acme, token).get("/Users").status for token in (secret, before.token)] == [200, 200]
    assert AccessToken.objects.get(name="Entra ID").expires_at < AccessToken.objects.get(name=given["name"]).expires_at
    listed = client.get("/settings/scim/").content.decode()
    assert "Entra ID, 2027" in listed and secret not in listed
    token = AccessToken.objects.get(name="Entra ID")
    assert token.last_seen_at is not None
    client.post(f"/settings/scim/{token.pk}/revoke/")
    assert before.get("/Users").status == 401


def test_owners_hear_in_time_that_the_token_ends(cast: Cast, entra: Directory) -> None:
    entra.get("/Users")
    assert not Notice.objects.filter(key__startswith="scim token").exists()
    AccessToken.objects.update(expires_at=Now() + timedelta(days=13), last_seen_at=None)
    for _ in range(2):
        entra.get("/Users")
    line = Notice.objects.get(user=cast.alice, key__startswith="scim token")
    assert "Entra ID ends on" in line.text
    directory(cast)
    line.refresh_from_db()
    assert line.settled_at is not None


def test_etags_guard_what_two_change(entra: Directory) -> None:
    eve = entra.create("eve@acme.test")
    tag = entra.get(f"/Users/{eve['id']}").headers["ETag"]
    assert entra.ask("GET", f"/Users/{eve['id']}", **{"If-None-Match": tag}).status == 304
    change = {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{"op": "replace", "path": "displayName", "value": "Eve"}],
    }
    assert entra.ask("PATCH", f"/Users/{eve['id']}", change, **{"If-Match": tag}).status in (200, 204)
    assert entra.ask("PATCH", f"/Users/{eve['id']}", change, **{"If-Match": tag}).status == 412


def test_it_says_what_it_can(entra: Directory) -> None:
    config = entra.get("/ServiceProviderConfig").json
    assert config["patch"]["supported"] and config["etag"]["supported"] and not config["bulk"]["supported"]
    assert {one["name"] for one in entra.get("/ResourceTypes").json["Resources"]} == {"User", "Group"}
    assert len(entra.get("/Schemas").json["Resources"]) == 3
    assert entra.ask("POST", "/Bulk", {}).status == 501
    assert entra.get("/Me").status == 501


def test_what_a_sign_in_said_gives_way_to_the_directory(cast: Cast, entra: Directory) -> None:
    """Its groups don't count any more; its subject, by which the person signs in, stays."""
    dana = Membership.objects.get(user=cast.dana, organization=cast.acme)
    AssertedIdentity.objects.create(
        membership=dana, provider_id=cast.acme.pk, source="oidc", subject="dana-1", groups=["Everything"]
    )
    entra.patch(f"/Users/{dana.pk}", {"op": "replace", "path": "externalId", "value": "d-7"})
    identity = AssertedIdentity.objects.get(membership=dana)
    assert (identity.source, identity.subject, identity.groups) == ("scim", "dana-1", [])
