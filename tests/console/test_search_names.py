"""Search: by name, within the organization."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from harriet.console.queries import find
from harriet.people.models import Membership, User
from harriet.people.roles import Role
from tests.stage.cast import Cast
from tests.stage.company import make_busy_company

pytestmark = pytest.mark.django_db


def test_it_finds_people_connectors_tools_and_tickets(cast: Cast, client: Client) -> None:
    make_busy_company(cast)
    client.force_login(cast.alice)
    for text, found in (("dana", "dana@acme.test"), ("crm", "CRM"), ("send_m", "send_mail"), ("#2", "#2 ")):
        assert found in client.get(reverse("console:search"), {"q": text}).content.decode()


def test_it_finds_nothing_of_others(cast: Cast, client: Client) -> None:
    make_busy_company(cast)
    client.force_login(cast.charlie)
    for text in ("dana", "crm", "send", "2"):
        assert "Nothing found" in client.get(reverse("console:search"), {"q": text}).content.decode()


def test_of_many_people_the_same_ones_are_shown_each_time(cast: Cast) -> None:
    """In the order of their addresses, not in that in which they came."""
    for number in (3, 2, 1):
        user = User.objects.create_user(f"newcomer{number}@acme.test", "correct horse battery")
        Membership.objects.create(organization=cast.acme, user=user, role=Role.MEMBER)
    found = [person.user.email for person in find(cast.acme, "newcomer", most=2).people]
    assert found == ["newcomer1@acme.test", "newcomer2@acme.test"]
