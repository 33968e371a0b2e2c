"""Deactivated or removed: out at once, everywhere, with the gateway told in the same transaction."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.test import Client
from django.urls import reverse

from audit.actor import SYSTEM
from audit.models import Event
from harriet.people.actions.activate_person import activate_person
from harriet.people.actions.deactivate_person import deactivate_person
from harriet.people.actions.invite_person import invite_person
from harriet.people.actions.issue_device_credential import issue_device_credential
from harriet.people.actions.register_device import register_device
from harriet.people.actions.remove_person import remove_person
from harriet.people.actions.revoke_device import revoke_device
from harriet.people.errors import PeopleError
from harriet.people.models import AccessToken, BrowserSession, Device, Membership, OrganizationVersion, RecoveryLink
from harriet.people.roles import Role
from harriet.people.version import move_version
from harriet.signin.actions.make_recovery_link import make_recovery_link
from tests.stage.cast import person


@pytest.fixture
def laptop(cast: Any) -> Device:
    device = register_device(cast.acme, cast.dana, "Laptop", actor=cast.actor(cast.dana))
    issue_device_credential(device, name="Claude", expires_in_days=30, actor=cast.actor(cast.dana))
    return device


def dana(cast: Any) -> Membership:
    return Membership.objects.get(user=cast.dana)


def version_of(cast: Any) -> int:
    return OrganizationVersion.objects.get(organization=cast.acme).number


def test_a_deactivated_person_is_out_at_the_next_request(client: Client, cast: Any) -> None:
    client.force_login(cast.dana)
    assert client.get(reverse("me:home")).status_code == 200
    deactivate_person(dana(cast), actor=cast.actor(cast.alice))
    assert client.get(reverse("me:home"))["Location"].startswith(reverse("account_login"))
    client.force_login(cast.dana)
    assert client.get(reverse("me:home"))["Location"] == reverse("people:choose")
    assert b"no organization" in client.get(reverse("people:choose")).content


def test_deactivating_revokes_tokens_and_moves_the_version(cast: Any, laptop: Device) -> None:
    before = version_of(cast)
    deactivate_person(dana(cast), actor=cast.actor(cast.alice))
    assert not AccessToken.objects.filter(revoked_at=None).exists()
    assert version_of(cast) == before + 1


def test_activating_does_not_bring_tokens_back(cast: Any, laptop: Device) -> None:
    deactivate_person(dana(cast), actor=cast.actor(cast.alice))
    activate_person(dana(cast), actor=cast.actor(cast.alice))
    assert dana(cast).is_active and not AccessToken.objects.filter(revoked_at=None).exists()


def test_off_boarding_takes_everything_and_the_log_says_so(cast: Any, laptop: Device) -> None:
    removed = remove_person(dana(cast), actor=cast.actor(cast.alice))
    assert removed == (1, 1)
    assert not Membership.objects.filter(user=cast.dana).exists()
    assert not Device.objects.filter(revoked_at=None).exists()
    assert "dana@acme.test" in Event.objects.get(code="person.removed").body


def test_a_person_who_is_not_active_gets_no_new_token(cast: Any, laptop: Device) -> None:
    deactivate_person(dana(cast), actor=cast.actor(cast.alice))
    with pytest.raises(PeopleError, match="not active"):
        issue_device_credential(laptop, name="Again", expires_in_days=30, actor=SYSTEM)


def test_a_revoked_device_loses_its_tokens_and_gets_no_new_one(cast: Any, laptop: Device) -> None:
    revoke_device(laptop, actor=cast.actor(cast.dana))
    assert not AccessToken.objects.filter(revoked_at=None).exists()
    with pytest.raises(PeopleError, match="revoked"):
        issue_device_credential(laptop, name="Again", expires_in_days=30, actor=cast.actor(cast.dana))


def test_off_boarding_in_the_browser_needs_the_typed_address(client: Client, cast: Any) -> None:
    client.force_login(cast.alice)
    page = reverse("people:remove", args=[dana(cast).pk])
    assert client.post(page, {"confirmation": "yes"}).status_code == 400
    assert client.post(page, {"confirmation": "dana@acme.test"}).status_code == 302
    assert not Membership.objects.filter(user=cast.dana).exists()


@pytest.mark.django_db(transaction=True)
def test_the_gateway_hears_it_when_it_commits(cast: Any) -> None:
    with psycopg.connect(settings.DATABASE_URL, autocommit=True) as listener:
        listener.execute("LISTEN harriet_version")
        with transaction.atomic():
            move_version(cast.acme.pk)
            assert list(listener.notifies(timeout=0.1)) == []
        heard = next(listener.notifies(timeout=60, stop_after=1))
        assert (heard.channel, heard.payload) == ("harriet_version", str(cast.acme.pk))


@pytest.mark.parametrize("end", [deactivate_person, remove_person])
def test_browsers_are_signed_out_in_the_same_step(cast: Any, end: Any) -> None:
    """They opened nothing any more, and would have gone on lying there."""
    for _ in range(2):
        Client().force_login(cast.dana)
    Client().force_login(cast.bob)
    end(dana(cast), actor=cast.actor(cast.alice))
    assert Session.objects.count() == 1
    assert BrowserSession.objects.get().user == cast.bob


def test_who_belongs_elsewhere_stays_signed_in_there(cast: Any) -> None:
    Membership.objects.create(organization=cast.globex, user=cast.dana)
    browser = Client()
    browser.force_login(cast.dana)
    deactivate_person(Membership.objects.get(user=cast.dana, organization=cast.acme), actor=cast.actor(cast.alice))
    assert browser.get(reverse("me:home")).status_code == 200
    assert browser.post(reverse("people:switch"), {"organization": str(cast.acme.pk)}).status_code == 404


def test_an_owner_who_ends_their_own_access_sees_the_sign_in_page(cast: Any) -> None:
    olga = person(cast.acme, "Olga", Role.OWNER)
    browser = Client()
    browser.force_login(olga)
    page = browser.post(reverse("people:deactivate", args=[Membership.objects.get(user=olga).pk]), follow=True)
    assert page.redirect_chain[-1][0].startswith(reverse("account_login")), page.redirect_chain
    assert page.status_code == 200


def test_links_that_somebody_handed_out_open_nothing_when_they_come_back(cast: Any) -> None:
    ivan = person(cast.acme, "Ivan", Role.MCP_ADMIN)
    mine = invite_person(cast.acme, "friend@elsewhere.test", Role.MEMBER, actor=cast.actor(ivan)).invitation
    others = invite_person(cast.acme, "new@acme.test", Role.MEMBER, actor=cast.actor(cast.alice)).invitation
    make_recovery_link(dana(cast), actor=cast.actor(ivan))
    make_recovery_link(Membership.objects.get(user=ivan), actor=cast.actor(cast.alice))
    membership = Membership.objects.get(user=ivan)
    deactivate_person(membership, actor=cast.actor(cast.alice))
    activate_person(membership, actor=cast.actor(cast.alice))
    mine.refresh_from_db()
    others.refresh_from_db()
    assert mine.withdrawn_at is not None and others.withdrawn_at is None
    assert not RecoveryLink.objects.filter(withdrawn_at=None).exists()
    assert "friend@elsewhere.test" in Event.objects.get(code="invitation.withdrawn").body
