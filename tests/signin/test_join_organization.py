"""Joining by invitation: as somebody new, as somebody who is known, and all the ways in which it must not work."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db.models.functions import Now
from django.test import Client, override_settings
from django.urls import reverse

from harriet.people.actions.invite_person import invite_person
from harriet.people.actions.remove_person import remove_person
from harriet.people.actions.withdraw_invitation import withdraw_invitation
from harriet.people.models import Invitation, Membership, User

EVE = {"name": "Eve", "password": "sunlight on the harbour wall"}


def path_of(link: Any) -> str:
    return "/" + link.reveal().partition("://")[2].partition("/")[2]


@pytest.fixture
def address(cast: Any) -> str:
    _, link = invite_person(cast.acme, "Eve@acme.test", "member", [cast.sales], actor=cast.actor(cast.alice))
    return path_of(link)


def test_eve_joins_with_a_password_of_her_own(client: Client, cast: Any, address: str) -> None:
    assert b"Acme" in client.get(address).content
    assert client.post(address, EVE).status_code == 302
    eve = Membership.objects.get(user__email="eve@acme.test")
    assert (eve.role, list(eve.groups.all())) == ("member", [cast.sales])
    assert client.get(reverse("me:home")).status_code == 200


def test_the_link_works_once(client: Client, address: str) -> None:
    client.post(address, EVE)
    again = Client().get(address)
    assert again.status_code == 404 and b"Ask the person who invited you" in again.content


def test_it_expires(client: Client, address: str) -> None:
    Invitation.objects.update(expires_at=Now() - timedelta(seconds=1))
    assert client.post(address, EVE).status_code == 404


def test_a_withdrawn_one_opens_nothing(client: Client, cast: Any, address: str) -> None:
    withdraw_invitation(Invitation.objects.get(), actor=cast.actor(cast.alice))
    assert client.post(address, EVE).status_code == 404


def test_a_newer_invitation_replaces_the_older(client: Client, cast: Any, address: str) -> None:
    invite_person(cast.acme, "eve@acme.test", "auditor", actor=cast.actor(cast.alice))
    assert client.get(address).status_code == 404


def test_a_weak_password_is_refused_and_the_link_stays_good(client: Client, address: str) -> None:
    response = client.post(address, EVE | {"password": "eve@acme.test"})
    assert response.status_code == 400 and response.context["form"].errors["password"]
    assert client.post(address, EVE).status_code == 302


def test_the_mail_holds_the_link(client: Client, cast: Any, django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        _, link = invite_person(cast.acme, "eve@acme.test", "member", actor=cast.actor(cast.alice))
    assert link.reveal() in mail.outbox[0].body and "alice@acme.test" in mail.outbox[0].body


def test_alice_sees_the_link_once(client: Client, cast: Any) -> None:
    client.force_login(cast.alice)
    response = client.post(reverse("people:invite"), {"email": "eve@acme.test", "role": "member"}, follow=True)
    assert b"/join/" in response.content and response["Cache-Control"] == "private, no-store"
    assert b"/join/" not in client.get(reverse("people:list")).content


def test_who_has_the_link_cannot_take_over_an_account(client: Client, cast: Any) -> None:
    """Charlie exists: whoever holds the link to his invitation sets no password for him."""
    _, link = invite_person(cast.acme, cast.charlie.email, "member", actor=cast.actor(cast.alice))
    response = client.post(path_of(link), EVE)
    assert b"Sign in" in response.content
    assert User.objects.get(pk=cast.charlie.pk).check_password("correct horse battery")
    assert not Membership.objects.filter(organization=cast.acme, user=cast.charlie).exists()


@override_settings(ACCOUNT_RATE_LIMITS=False)
def test_charlie_signs_in_and_accepts(client: Client, cast: Any) -> None:
    _, link = invite_person(cast.acme, cast.charlie.email, "member", actor=cast.actor(cast.alice))
    client.get(path_of(link))
    signed_in = client.post(
        reverse("account_login"), {"login": cast.charlie.email, "password": "correct horse battery"}
    )
    assert signed_in["Location"] == reverse("people:join_known")
    assert client.post(reverse("people:join_known")).status_code == 302
    assert client.get(reverse("me:home")).wsgi_request.organization == cast.acme


def test_somebody_else_cannot_accept(client: Client, cast: Any, address: str) -> None:
    client.force_login(cast.charlie)
    assert b"you are signed in as" in client.get(address).content
    assert client.post(reverse("people:join_known")).status_code == 403
    assert not Membership.objects.filter(organization=cast.acme, user=cast.charlie).exists()


def test_an_open_invitation_is_no_way_back_after_off_boarding(client: Client, cast: Any) -> None:
    actor = cast.actor(cast.alice)
    _, link = invite_person(cast.acme, "eve@acme.test", "member", actor=actor)
    from harriet.people.actions.add_person import add_person

    remove_person(add_person(cast.acme, "eve@acme.test", "member", actor=actor), actor=actor)
    assert client.get(path_of(link)).status_code == 404
