"""A person in two organizations chooses one, and everything they see belongs to it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from audit.actor import SYSTEM
from harriet.people.actions.add_person import add_person
from harriet.people.models import User
from harriet.people.roles import Role


@pytest.fixture
def erin(cast: Any) -> User:
    """Owner at Globex, member at Acme."""
    add_person(cast.globex, "erin@example.test", Role.OWNER, name="Erin", actor=SYSTEM)
    return add_person(cast.acme, "erin@example.test", Role.MEMBER, actor=SYSTEM).user


def test_erin_is_asked_first(client: Client, erin: User) -> None:
    client.force_login(erin)
    assert client.get(reverse("people:list"))["Location"] == reverse("people:choose")
    page = client.get(reverse("people:choose")).content.decode()
    assert "Acme" in page and "Globex" in page


def test_the_role_is_that_of_the_chosen_organization(client: Client, cast: Any, erin: User) -> None:
    client.force_login(erin)
    client.post(reverse("people:switch"), {"organization": str(cast.globex.pk)})
    page = client.get(reverse("people:list"))
    assert page.status_code == 200 and "charlie@globex.test" in page.content.decode()
    assert "dana@acme.test" not in page.content.decode()
    client.post(reverse("people:switch"), {"organization": str(cast.acme.pk)})
    assert client.get(reverse("people:list")).status_code == 403


def test_nobody_switches_into_an_organization_that_is_not_theirs(client: Client, cast: Any) -> None:
    client.force_login(cast.charlie)
    assert client.post(reverse("people:switch"), {"organization": str(cast.acme.pk)}).status_code == 404
    assert client.post(reverse("people:switch"), {"organization": "'; --"}).status_code == 404
    assert client.get(reverse("people:list")).wsgi_request.organization == cast.globex


def test_switching_is_never_a_link(client: Client, cast: Any, erin: User) -> None:
    client.force_login(erin)
    assert client.get(reverse("people:switch"), {"organization": str(cast.acme.pk)}).status_code == 405
