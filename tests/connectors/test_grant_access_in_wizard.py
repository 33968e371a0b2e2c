"""The wizard's last step: Alice makes a group in place and looks at what Dana will see, before anything is saved."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from connectors.actions.create_profile import create_profile
from connectors.actions.draft_connector import draft_connector
from connectors.models import Connector, Profile
from harriet.people.models import Group
from tests.servers.moody import Server
from tests.stage.cast import Cast


@pytest.fixture
def draft(client: Client, cast: Cast, server: Server) -> Connector:
    """As far as the last step; Alice is signed in."""
    client.force_login(cast.alice)
    made = draft_connector(cast.acme, slug="crm", name="CRM", actor=cast.actor(cast.alice))
    here = {"url": server.url, "allow_internal": "on"}
    client.post(reverse("connectors:setup_connection", args=[made.pk]), here)
    client.post(reverse("connectors:setup_authentication", args=[made.pk]), {"type": "none"})
    return made


def at(draft: Connector) -> str:
    return reverse("connectors:setup_access", args=[draft.pk])


def test_alice_sees_what_dana_will_see_and_why(client: Client, cast: Cast, draft: Connector) -> None:
    dana = str(cast.dana.memberships.get().pk)
    asked = {"preview": "1", "person": dana}
    page = client.post(at(draft), {**asked, "groups": [str(cast.sales.pk)]}).content.decode()
    assert "What Dana will see" in page and "allowed for the group Sales" in page
    for name in ("list_contacts", "send_mail", "delete_all"):
        assert name in page
    page = client.post(at(draft), {**asked, "roles": ["approver"]}).content.decode()
    assert "Dana is not among them" in page and "None of the 3 tools" in page
    page = client.post(at(draft), {**asked, "everyone": "on", "requires_confirmation": "on"}).content.decode()
    assert "allowed for everyone" in page and "every call waits for an approver" in page
    page = client.post(at(draft), {**asked, "new_group": "Callers", "new_people": [dana]}).content.decode()
    assert "allowed for the group Callers" in page
    page = client.post(at(draft), {"preview": "1"}).content.decode()
    assert "Choose whom to look at it for" in page
    draft.refresh_from_db()
    assert draft.state == Connector.State.DRAFT and not Group.objects.filter(name="Callers").exists()


def test_a_group_is_made_in_place(client: Client, cast: Cast, draft: Connector) -> None:
    dana = cast.dana.memberships.get()
    given = {"new_group": "Callers", "new_people": [str(dana.pk)], "groups": [str(cast.sales.pk)]}
    client.post(at(draft), given)
    draft.refresh_from_db()
    callers = Group.objects.get(name="Callers")
    assert draft.state == Connector.State.ACTIVE
    assert set(draft.default_groups.all()) == {callers, cast.sales}
    assert list(callers.memberships.all()) == [dana] and dana.groups.count() == 2


def test_a_name_that_is_taken_makes_nothing(client: Client, cast: Cast, draft: Connector) -> None:
    answer = client.post(at(draft), {"new_group": "Sales", "everyone": "on"})
    assert answer.status_code == 400 and "new_group" in answer.context["form"].errors
    answer = client.post(at(draft), {"new_people": [str(cast.dana.memberships.get().pk)]})
    assert answer.status_code == 400 and "Give the new group a name" in answer.content.decode()
    draft.refresh_from_db()
    assert draft.state == Connector.State.DRAFT and Group.objects.filter(organization=cast.acme).count() == 1


def test_who_creates_a_connector_or_a_profile_has_it(client: Client, cast: Cast, draft: Connector) -> None:
    assert draft.owner == cast.alice
    alice = cast.alice.memberships.get()
    page = client.get(reverse("profiles:new"))
    assert page.context["form"].initial["people"] == [alice]
    client.post(reverse("profiles:new"), {"name": "Work", "people": [str(alice.pk)]})
    assert list(Profile.objects.get(name="Work").people.all()) == [alice]
    client.post(reverse("profiles:new"), {"name": "Theirs"})
    assert not Profile.objects.get(name="Theirs").people.exists(), "Alice took the tick away"
    made = create_profile(cast.acme, slug="made", name="Made", actor=cast.actor(cast.alice))
    assert list(made.people.all()) == [alice]
    others = create_profile(cast.acme, slug="others", name="Others", people=[], actor=cast.actor(cast.alice))
    assert not others.people.exists()
