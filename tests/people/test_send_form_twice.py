"""What is shown once is made once: a reload, a second click and two at the same time make one thing."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core import mail
from django.db import connections
from django.test import Client
from django.urls import reverse

from harriet.people.models import AccessToken, Invitation, MadeOnce
from tests.stage.cast import Cast


def mark_in(page: Any) -> str:
    found = re.search(r'name="once" value="([^"]+)"', page.content.decode())
    assert found
    return found[1]


def forms_of(cast: Cast) -> dict[str, tuple[str, str, dict[str, str], str]]:
    """By what it makes: where the form is, where it goes, what is typed, and how the secret begins."""
    days = {"expires_in_days": "30"}
    nightly = {"name": "Nightly", "groups": str(cast.sales.pk)}
    return {
        "invitation": ("people:invite", "people:invite", {"email": "eve@acme.test", "role": "member"}, "/join/"),
        "key": (
            "devices:new_key",
            "devices:new_key",
            nightly | days,
            "hrt_int_",
        ),
        "token": ("me:devices", "me:personal_token", {"name": "Script"} | days, "hrt_per_"),
    }


def count() -> int:
    return Invitation.objects.count() + AccessToken.objects.count()


@pytest.mark.parametrize("what", ["invitation", "key", "token"])
def test_a_second_click_and_a_reload_make_one(client: Client, cast: Cast, what: str) -> None:
    form, target, given, begins = forms_of(cast)[what]
    client.force_login(cast.alice)
    sent = given | {"once": mark_in(client.get(reverse(form)))}
    first, second = (client.post(reverse(target), sent) for _ in range(2))
    assert (first.status_code, first["Location"], count()) == (302, second["Location"], 1)
    shown = client.get(first["Location"])
    assert begins in shown.content.decode() and shown["Cache-Control"] == "private, no-store"
    again = client.get(first["Location"]).content.decode()
    assert begins not in again and "be shown again" in again
    assert count() == 1 and MadeOnce.objects.get().sealed is None


@pytest.mark.parametrize("what", ["invitation", "key", "token"])
def test_another_form_that_says_the_same_makes_another(client: Client, cast: Cast, what: str) -> None:
    form, target, given, _ = forms_of(cast)[what]
    client.force_login(cast.alice)
    for _ in range(2):
        client.post(reverse(target), given | {"once": mark_in(client.get(reverse(form)))})
    assert count() == 2


@pytest.mark.parametrize("what", ["groups", "profiles"])
def test_a_second_click_is_led_to_what_the_first_has_made(client: Client, cast: Cast, what: str) -> None:
    client.force_login(cast.alice)
    address = reverse(f"{what}:new")
    sent = {"name": "Night shift", "once": mark_in(client.get(address))}
    first, second = (client.post(address, sent) for _ in range(2))
    assert (first.status_code, first["Location"]) == (302, second["Location"])
    assert "Night shift" in client.get(first["Location"]).content.decode()
    assert client.post(address, sent | {"once": "another form"}).status_code == 400


@pytest.mark.django_db(transaction=True)
def test_two_at_the_same_time_make_one(committed_cast: Cast) -> None:
    _, target, given, _ = forms_of(committed_cast)["token"]

    def sent(_: int) -> str:
        client = Client()
        client.force_login(committed_cast.alice)
        try:
            return str(client.post(reverse(target), given | {"once": "the same"})["Location"])
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as threads:
        addresses = set(threads.map(sent, range(4)))
    assert len(addresses) == 1 and count() == 1


def test_what_is_refused_can_be_sent_again(client: Client, cast: Cast) -> None:
    client.force_login(cast.alice)
    given = {"email": cast.bob.email, "role": "member", "once": "a mark"}
    assert client.post(reverse("people:invite"), given).status_code == 400
    assert client.post(reverse("people:invite"), given | {"email": "eve@acme.test"}).status_code == 302


def test_a_mailed_invitation_is_mailed_once(client: Client, cast: Cast, settings: Any) -> None:
    settings.EMAIL_URL = "smtp://mail.acme.test"
    client.force_login(cast.alice)
    given = {"email": "eve@acme.test", "role": "member", "way": "mail", "once": "a mark"}
    first, second = (client.post(reverse("people:invite"), given) for _ in range(2))
    assert first["Location"] == second["Location"] and len(mail.outbox) == 1
    assert "has taken a mail" in client.get(second["Location"]).content.decode()


def test_others_do_not_see_it_and_the_database_does_not_hold_it(client: Client, cast: Cast) -> None:
    _, target, given, begins = forms_of(cast)["token"]
    client.force_login(cast.alice)
    address = client.post(reverse(target), given)["Location"]
    assert begins.encode() not in bytes(MadeOnce.objects.get().sealed)
    client.force_login(cast.bob)
    assert client.get(address).status_code == 404


def test_without_a_mail_server_no_page_claims_that_a_mail_comes(client: Client, cast: Cast) -> None:
    for name in ("account_reset_password", "account_reset_password_done"):
        page = client.get(reverse(name)).content.decode()
        assert "sends no mail" in page and "Mail me" not in page and "is on its way" not in page
    client.force_login(cast.alice)
    invited = client.post(reverse("people:invite"), {"email": "eve@acme.test", "role": "member"}, follow=True)
    assert "Harriet mails nothing" in invited.content.decode() and "tries to mail" not in invited.content.decode()
    assert "mailed" not in client.get(reverse("console:inbox")).content.decode()
    assert "By mail" not in client.get(reverse("console:overview")).content.decode()
