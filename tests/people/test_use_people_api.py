"""The REST API of people, groups, devices and tokens, with a personal token and with nobody's."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from harriet.people.actions.issue_device_credential import issue_device_credential
from harriet.people.actions.issue_personal_token import issue_personal_token
from harriet.people.actions.register_device import register_device
from harriet.people.models import AccessToken, Membership, User

pytestmark = pytest.mark.django_db


def api(cast: Any, user: User) -> Client:
    organization = user.memberships.get().organization
    _, secret = issue_personal_token(organization, user, "Script", 30, actor=cast.actor(user))
    return Client(headers={"authorization": f"Bearer {secret.reveal()}"})


def test_alice_issues_herself_a_device_credential_and_revokes_it(cast: Any) -> None:
    client = api(cast, cast.alice)
    given = {"kind": "device", "name": "Claude", "person": "alice@acme.test", "device": "Laptop"}
    made = client.post("/api/v1/tokens/", given, "application/json")
    assert made.status_code == 201 and made.json()["token"].startswith("hrt_dev_")
    listed = client.get("/api/v1/tokens/").json()["results"]
    assert made.json()["id"] in {row["id"] for row in listed} and all("token" not in row for row in listed)
    assert client.delete(f"/api/v1/tokens/{made.json()['id']}/").status_code == 204
    assert client.get(f"/api/v1/tokens/{made.json()['id']}/").status_code == 404


def test_a_member_sees_their_own_tokens_alone(cast: Any) -> None:
    api(cast, cast.alice)
    rows = api(cast, cast.dana).get("/api/v1/tokens/").json()["results"]
    assert {row["person"] for row in rows} == {"dana@acme.test"}


def test_a_member_manages_nobody(cast: Any) -> None:
    client = api(cast, cast.dana)
    assert client.get("/api/v1/people/").status_code == 403
    given = {"kind": "integration", "name": "Nightly", "groups": ["sales"]}
    assert client.post("/api/v1/tokens/", given, "application/json").status_code == 403
    given = {"kind": "device", "name": "x", "person": "alice@acme.test", "device": "Laptop"}
    assert client.post("/api/v1/tokens/", given, "application/json").status_code == 400


def test_a_person_is_added_changed_and_removed(cast: Any) -> None:
    client = api(cast, cast.alice)
    made = client.post("/api/v1/people/", {"email": "eve@acme.test", "groups": ["sales"]}, "application/json")
    assert made.status_code == 201
    eve = f"/api/v1/people/{made.json()['id']}/"
    assert client.patch(eve, {"role": "auditor", "groups": []}, "application/json").json()["role"] == "auditor"
    assert client.patch(eve, {"is_active": False}, "application/json").json()["is_active"] is False
    assert client.delete(eve).status_code == 204 and client.get(eve).status_code == 404


def test_mistakes_are_told_beside_their_field(cast: Any) -> None:
    client = api(cast, cast.alice)
    wrong = client.post("/api/v1/people/", {"email": "eve@acme.test", "groups": ["nope"]}, "application/json")
    assert wrong.status_code == 400 and "There is no group nope here." in wrong.json()["groups"]


def test_charlie_finds_nothing_of_acme(cast: Any) -> None:
    client = api(cast, cast.charlie)
    laptop = register_device(cast.acme, cast.dana, "Laptop", actor=cast.actor(cast.dana))
    token, _ = issue_device_credential(laptop, name="x", expires_in_days=9, actor=cast.actor(cast.dana))
    dana = Membership.objects.get(user=cast.dana)
    for address in (f"people/{dana.pk}", f"groups/{cast.sales.pk}", f"devices/{laptop.pk}", f"tokens/{token.pk}"):
        assert client.delete(f"/api/v1/{address}/").status_code == 404, address
    assert "acme" not in str(client.get("/api/v1/people/").json())


def test_anonymous_and_wrong_tokens_get_401(cast: Any) -> None:
    laptop = register_device(cast.acme, cast.dana, "Laptop", actor=cast.actor(cast.dana))
    _, secret = issue_device_credential(laptop, name="x", expires_in_days=9, actor=cast.actor(cast.dana))
    for header in ("", "Bearer hrt_per_unknown", f"Bearer {secret.reveal()}", "Bearer ", "Basic YTpi"):
        response = Client(headers={"authorization": header}).get("/api/v1/tokens/")
        assert response.status_code == 401, header
        assert secret.reveal() not in response.content.decode()


def test_a_revoked_or_deactivated_caller_is_out(cast: Any) -> None:
    client, dana = api(cast, cast.dana), Membership.objects.get(user=cast.dana)
    assert client.get("/api/v1/tokens/").status_code == 200
    Membership.objects.filter(pk=dana.pk).update(is_active=False)
    assert client.get("/api/v1/tokens/").status_code == 401
    Membership.objects.filter(pk=dana.pk).update(is_active=True)
    AccessToken.objects.all().delete()
    assert client.get("/api/v1/tokens/").status_code == 401


def test_a_session_works_too_but_needs_the_csrf_token(cast: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.alice)
    assert client.get("/api/v1/people/").status_code == 200
    assert client.post("/api/v1/groups/", {"name": "x"}, "application/json").status_code == 403
