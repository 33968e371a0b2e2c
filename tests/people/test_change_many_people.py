"""Several people at once: into a group, out of it, their access ended; and devices, credentials and invitations."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import Event
from harriet.people.actions.invite_person import invite_person
from harriet.people.models import AccessToken, Device, Group, Invitation, Membership
from harriet.people.roles import Role
from tests.stage.cast import Cast, person
from tests.stage.tokens import device_credential, shared_key


@pytest.fixture
def marketing(cast: Cast) -> Group:
    return Group.objects.create(organization=cast.acme, slug="marketing", name="Marketing")


@pytest.fixture
def colleagues(cast: Cast) -> list[Membership]:
    """Dana, Bob, Omar who is deactivated, and Alice."""
    omar = person(cast.acme, "Omar", Role.MEMBER)
    Membership.objects.filter(user=omar).update(is_active=False)
    people = Membership.objects.filter(organization=cast.acme)
    return [people.get(user=user) for user in (cast.dana, cast.bob, omar, cast.alice)]


def send(client: Client, url: str, action: str, rows: Sequence[Any], **more: str) -> str:
    sent = {"action": action, "ids": [str(row.pk) for row in rows]} | more
    return re.sub(r"\s+", " ", client.post(reverse(url), sent, follow=True).content.decode())


def test_alice_puts_people_into_a_group(
    client: Client, cast: Cast, marketing: Group, colleagues: list[Membership]
) -> None:
    client.force_login(cast.alice)
    colleagues[0].groups.add(marketing)
    asked = send(client, "people:bulk", "add", colleagues)
    assert "Show what will change" in asked and asked.count('name="ids"') == 4
    wrong = send(client, "people:bulk", "add", colleagues, filled="1", group="")
    assert 'class="error"' in wrong and wrong.count('name="ids"') == 4, "the ticks are kept"
    preview = send(client, "people:bulk", "add", colleagues, filled="1", group=str(marketing.pk))
    assert "3 of 4 people will be added to Marketing; 1 stays as it is." in preview
    assert "because they are in Marketing already" in preview
    assert marketing.memberships.count() == 1, "nothing has changed yet"
    told = send(client, "people:bulk", "add", colleagues, group=str(marketing.pk), sure="1")
    assert "3 people were added to Marketing" in told
    assert marketing.memberships.count() == 4 and set(colleagues[0].groups.all()) == {cast.sales, marketing}
    changed = Event.objects.filter(organization_id=cast.acme.pk, code="person.groups_changed")
    assert changed.count() == 3


def test_alice_takes_people_out_of_a_group(client: Client, cast: Cast, colleagues: list[Membership]) -> None:
    client.force_login(cast.alice)
    told = send(client, "people:bulk", "remove", colleagues[:2], group=str(cast.sales.pk), sure="1")
    assert "1 person was removed from Sales: Dana (dana@acme.test)." in told
    assert "Bob (bob@acme.test), because they are not in Sales." in told
    assert not cast.sales.memberships.exists()


def test_a_group_of_elsewhere_is_none(client: Client, cast: Cast, colleagues: list[Membership]) -> None:
    theirs = Group.objects.create(organization=cast.globex, slug="secret", name="Secret")
    client.force_login(cast.alice)
    page = send(client, "people:bulk", "add", colleagues, group=str(theirs.pk), sure="1")
    assert "Show what will change" in page and "Secret" not in page
    assert not theirs.memberships.exists()


def test_access_ends_only_when_it_was_typed(client: Client, cast: Cast, colleagues: list[Membership]) -> None:
    client.force_login(cast.alice)
    preview = send(client, "people:bulk", "deactivate", colleagues)
    assert "2 of 4 people will be deactivated; 2 stay as they are." in preview
    assert "because that is you" in preview and "because they are deactivated already" in preview
    wrong = send(client, "people:bulk", "deactivate", colleagues, sure="1", confirmation="4 people")
    assert "This is not “2 people”. Nothing was changed." in wrong
    active = Membership.objects.filter(organization=cast.acme, is_active=True)
    assert active.count() == 3
    assert "2 people were deactivated" in send(
        client, "people:bulk", "deactivate", colleagues, sure="1", confirmation="2 people"
    )
    assert list(active) == [colleagues[3]]


def test_an_admin_ends_no_owners_access(client: Client, cast: Cast, colleagues: list[Membership]) -> None:
    client.force_login(person(cast.acme, "Maria", Role.MCP_ADMIN))
    preview = send(client, "people:bulk", "deactivate", colleagues[3:])
    assert "None of 1 person can be deactivated." in preview
    assert "because only an owner of Acme may change an owner" in preview


def test_devices_and_credentials_are_revoked_together(client: Client, cast: Cast) -> None:
    made = [
        device_credential(cast.acme, cast.dana, name, name="Claude").token for name in ("laptop", "phone", "tablet")
    ]
    shared_key(cast.acme, [cast.sales], cast.alice, "Nightly report")
    client.force_login(cast.alice)
    devices = [token.device for token in made[:2]]
    preview = send(client, "devices:bulk", "revoke", devices)
    assert "2 devices will be revoked." in preview and "laptop of Dana" in preview
    assert Device.objects.filter(revoked_at=None).count() == 3
    assert "2 devices were revoked: laptop of Dana, phone of Dana." in send(
        client, "devices:bulk", "revoke", devices, sure="1"
    )
    assert Device.objects.filter(revoked_at=None).count() == 1
    assert AccessToken.objects.filter(user=cast.dana, revoked_at=None).count() == 1
    keys = AccessToken.objects.filter(kind=AccessToken.Kind.INTEGRATION)
    assert "1 credential was revoked: Nightly report" in send(client, "devices:bulk_tokens", "revoke", keys, sure="1")
    assert not keys.filter(revoked_at=None).exists()


def test_invitations_are_withdrawn_together(client: Client, cast: Cast) -> None:
    for name in ("eve", "omar"):
        invite_person(cast.acme, f"{name}@acme.test", Role.MEMBER, [], actor=cast.actor(cast.alice))
    client.force_login(cast.alice)
    told = send(client, "people:bulk_invitations", "withdraw", Invitation.objects.all(), sure="1")
    assert "2 invitations were withdrawn: eve@acme.test, omar@acme.test." in told
    assert not Invitation.objects.filter(withdrawn_at=None).exists()


@pytest.mark.parametrize(
    ("url", "action"),
    [
        ("people:bulk", "deactivate"),
        ("people:bulk", "add"),
        ("people:bulk_invitations", "withdraw"),
        ("devices:bulk", "revoke"),
        ("devices:bulk_tokens", "revoke"),
    ],
)
def test_bob_may_look_but_change_nothing(
    client: Client, cast: Cast, colleagues: list[Membership], url: str, action: str
) -> None:
    client.force_login(cast.bob)
    assert client.post(reverse(url), {"action": action, "ids": [str(colleagues[0].pk)], "sure": "1"}).status_code == 403
    client.force_login(cast.charlie)
    assert "Nothing was changed" in send(client, url, action, colleagues, sure="1", confirmation="4 people")
