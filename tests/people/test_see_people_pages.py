"""The pages of people, groups and devices: who sees which, and that nobody sees another organization's."""

from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from harriet.people.actions.invite_person import invite_person
from harriet.people.actions.issue_device_credential import issue_device_credential
from harriet.people.actions.issue_integration_key import issue_integration_key
from harriet.people.actions.register_device import register_device
from harriet.people.models import Membership
from harriet.people.pages import devices_list


@pytest.fixture
def pages(cast: Any) -> list[str]:
    """Every page of Acme that names one of its rows."""
    alice = cast.actor(cast.alice)
    dana = Membership.objects.get(user=cast.dana)
    laptop = register_device(cast.acme, cast.dana, "Dana's laptop", actor=alice)
    issue_device_credential(laptop, name="Claude", expires_in_days=30, actor=cast.actor(cast.dana))
    issue_integration_key(cast.acme, "Nightly report", [cast.sales], 30, actor=alice)
    invite_person(cast.acme, "eve@acme.test", "member", [cast.sales], actor=alice)
    return [
        reverse("people:list"),
        reverse("people:invite"),
        reverse("people:detail", args=[dana.pk]),
        reverse("groups:list"),
        reverse("groups:new"),
        reverse("groups:detail", args=[cast.sales.pk]),
        reverse("devices:list"),
        reverse("devices:new_key"),
    ]


def test_alice_sees_every_page(client: Client, cast: Any, pages: list[str]) -> None:
    client.force_login(cast.alice)
    for page in pages:
        response = client.get(page)
        assert response.status_code == 200, page
        assert b"<h1>" in response.content


def test_the_list_names_people_devices_and_open_invitations(client: Client, cast: Any, pages: list[str]) -> None:
    client.force_login(cast.alice)
    text = client.get(reverse("people:list")).content.decode()
    assert "dana@acme.test" in text and "eve@acme.test" in text
    assert "charlie" not in text


def test_filters_narrow_the_list(client: Client, cast: Any) -> None:
    client.force_login(cast.alice)
    for query in ("q=dana", "role=member", "group=sales"):
        text = client.get(f"{reverse('people:list')}?{query}").content.decode()
        assert "dana@acme.test" in text and "bob@acme.test" not in text, query


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("laptop", {"Dana's laptop", "Claude"}),
        ("dana", {"Dana's laptop", "Claude"}),
        ("claud", {"Claude", "Dana's laptop"}),  # a credential names its device
        ("report", {"Nightly report"}),
        ("aptop", set()),
        ("charlie", set()),
    ],
)
def test_devices_are_found_by_words_and_what_they_hold_with_them(
    client: Client, cast: Any, pages: list[str], monkeypatch: pytest.MonkeyPatch, text: str, found: set[str]
) -> None:
    client.force_login(cast.alice)
    page = unescape(client.get(reverse("devices:list"), {"q": text}).content.decode())
    assert {name for name in ("Dana's laptop", "Claude", "Nightly report") if f"<bdi>{name}</bdi>" in page} == found
    assert "Very many fit" not in page
    monkeypatch.setattr(devices_list, "MOST_FOUND", 0)
    page = client.get(reverse("devices:list"), {"q": text}).content.decode()
    assert ("Very many fit" in page) == bool(found - {"Nightly report"})


def test_odd_filters_find_nobody_or_everybody_but_never_fail(client: Client, cast: Any) -> None:
    client.force_login(cast.alice)
    for query in ("q=%00", "role=%00x", "group=%F0%9F%92%A9", "state=?", "page=-3", "page=x", "q=%25_'--"):
        assert client.get(f"{reverse('people:list')}?{query}").status_code == 200, query


def test_bob_may_look_but_not_change(client: Client, cast: Any) -> None:
    client.force_login(cast.bob)
    assert client.get(reverse("people:list")).status_code == 200
    assert client.get(reverse("people:invite")).status_code == 403
    dana = Membership.objects.get(user=cast.dana)
    assert client.post(reverse("people:deactivate", args=[dana.pk])).status_code == 403


def test_a_member_sees_none_of_it(client: Client, cast: Any, pages: list[str]) -> None:
    client.force_login(cast.dana)
    assert {client.get(page).status_code for page in pages} == {403}


def test_anonymous_is_sent_to_sign_in(client: Client, pages: list[str]) -> None:
    for page in pages:
        response = client.get(page)
        assert response.status_code == 302 and "/accounts/login/" in response["Location"], page


def test_charlie_finds_nothing_of_acme(client: Client, cast: Any, pages: list[str]) -> None:
    client.force_login(cast.charlie)
    dana = Membership.objects.get(user=cast.dana)
    assert client.get(reverse("people:detail", args=[dana.pk])).status_code == 404
    assert client.get(reverse("groups:detail", args=[cast.sales.pk])).status_code == 404
    assert client.post(reverse("people:deactivate", args=[dana.pk])).status_code == 404
    assert client.post(reverse("groups:delete", args=[cast.sales.pk])).status_code == 404
    for page in ("people:list", "groups:list", "devices:list"):
        assert "acme" not in client.get(reverse(page)).content.decode().lower().replace("acme.test", "acme")
