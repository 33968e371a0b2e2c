"""The first owner: through a link that works once, within a day, even when two people open it at the same moment."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse

from audit.actor import SYSTEM
from audit.models import Event
from harriet.people.actions.create_organization import create_organization
from harriet.people.actions.make_setup_link import make_setup_link
from harriet.people.actions.take_setup_link import GONE
from harriet.people.errors import NotFound, PeopleError
from harriet.people.models import Membership, Organization, SetupLink, User
from harriet.people.roles import Role
from harriet.signin.actions.use_setup_link import use_setup_link
from vault.models import DataKey

ALICE = {
    "organization_name": "Acme Ltd",
    "name": "Alice",
    "email": "Alice@Acme.test",
    "password": "sunlight on the harbour wall",
}


@pytest.fixture
def address(db: None) -> str:
    return reverse("people:setup", args=[make_setup_link(actor=SYSTEM).reveal()])


def test_alice_becomes_the_owner_and_is_signed_in(client: Client, address: str) -> None:
    assert client.get(address).status_code == 200
    response = client.post(address, ALICE)
    assert response.status_code == 302 and response["Location"] == reverse("console:overview")
    alice = Membership.objects.get()
    assert (alice.role, alice.user.email, alice.organization.slug) == (Role.OWNER, "alice@acme.test", "acme-ltd")
    assert client.get(reverse("people:list")).status_code == 200


def test_the_organization_can_keep_secrets(client: Client, address: str) -> None:
    client.post(address, ALICE)
    assert DataKey.objects.get().organization == Organization.objects.get()


def test_looking_does_not_use_it_up_and_leaks_no_address(client: Client, address: str) -> None:
    for _ in range(3):
        response = client.get(address)
    assert response.status_code == 200
    assert response["Referrer-Policy"] == "strict-origin" and "no-store" in response["Cache-Control"]


def test_it_works_once(client: Client, address: str) -> None:
    client.post(address, ALICE)
    again = Client().post(address, ALICE | {"email": "mallory@evil.test"})
    assert again.status_code == 404 and b"manage.py setup_link" in again.content
    assert User.objects.count() == 1


def test_it_expires(client: Client, address: str) -> None:
    SetupLink.objects.update(expires_at=Now() - timedelta(seconds=1))
    assert client.get(address).status_code == 404
    assert client.post(address, ALICE).status_code == 404
    assert not User.objects.exists()


def test_a_newer_link_replaces_it(client: Client, address: str) -> None:
    make_setup_link(actor=SYSTEM)
    assert client.get(address).status_code == 404


def test_only_a_hash_is_stored(address: str) -> None:
    token = address.strip("/").rpartition("/")[2]
    with connection.cursor() as cursor:
        cursor.execute("SELECT people_setuplink::text FROM people_setuplink UNION SELECT body FROM audit_event")
        assert token not in str(cursor.fetchall())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("password", "short"),
        ("password", "password1234"),
        ("email", "not an address"),
        ("name", "Al\u202eice"),
        ("name", "Alice\nBcc: x"),
        ("organization_name", "  "),
        ("organization_name", "Ac\x07me"),
    ],
)
def test_a_mistake_is_told_beside_its_field_and_leaves_the_link_good(
    client: Client, address: str, field: str, value: str
) -> None:
    response = client.post(address, ALICE | {field: value})
    assert response.status_code == 400 and response.context["form"].errors[field]
    assert not Organization.objects.exists() and not User.objects.exists()
    assert client.post(address, ALICE).status_code == 302


def test_what_a_set_up_file_made_is_taken_over(client: Client, address: str) -> None:
    create_organization("acme", "Acme", actor=SYSTEM)
    assert b"Acme" in client.get(address).content
    client.post(address, ALICE)
    assert Membership.objects.get(role=Role.OWNER).organization.slug == "acme"
    assert Organization.objects.count() == 1


def test_somebody_with_a_password_keeps_it(client: Client, address: str) -> None:
    User.objects.create_user("alice@acme.test", "her own old password")
    assert client.post(address, ALICE).status_code == 400
    assert client.post(address, ALICE | {"password": "her own old password"}).status_code == 302


def test_no_link_is_made_once_there_is_an_owner(cast: Any) -> None:
    with pytest.raises(PeopleError, match="has an owner already"):
        make_setup_link(actor=SYSTEM)
    with pytest.raises(CommandError, match="has an owner already"):
        call_command("setup_link")


def test_the_command_prints_a_link_that_works(client: Client, db: None, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("setup_link")
    address = capsys.readouterr().out.strip()
    assert client.get(address.partition("://")[2].partition("/")[2].join(["/", ""])).status_code == 200


def test_the_log_says_it(client: Client, address: str) -> None:
    client.post(address, ALICE)
    codes = set(Event.objects.values_list("code", flat=True))
    assert {"setup_link.made", "setup_link.used", "organization.created", "person.added", "signin.succeeded"} <= codes


@pytest.mark.django_db(transaction=True)
def test_of_eight_who_race_one_gets_in() -> None:
    token, outcomes, start = make_setup_link(actor=SYSTEM).reveal(), [], threading.Barrier(8)

    def race(number: int) -> None:
        try:
            start.wait()
            use_setup_link(token, f"racer{number}@acme.test", "Racer", "sunlight on the harbour wall", "Acme")
            outcomes.append("in")
        except NotFound as refusal:
            assert refusal.message == GONE
            outcomes.append("out")
        finally:
            connection.close()

    racers = [threading.Thread(target=race, args=[number]) for number in range(8)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert sorted(outcomes) == ["in"] + ["out"] * 7
    assert Organization.objects.count() == User.objects.count() == Membership.objects.count() == 1
