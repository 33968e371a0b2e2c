"""A credential for somebody else is prepared, and made when that person opens it: nobody else ever sees it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse

from audit.models import Event
from harriet.people.actions.change_role import change_role
from harriet.people.actions.deactivate_person import deactivate_person
from harriet.people.actions.issue_personal_token import issue_personal_token
from harriet.people.actions.offer_device_credential import offer_device_credential
from harriet.people.actions.register_device import register_device
from harriet.people.actions.revoke_device import revoke_device
from harriet.people.errors import NotAllowed
from harriet.people.models import AccessToken, CredentialOffer, Membership, Notice, User
from harriet.people.queries import offer_path

GIVEN = {"kind": "device", "name": "Claude", "person": "dana@acme.test", "device": "Laptop"}


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def api(cast: Any, user: User) -> Client:
    organization = user.memberships.get().organization
    _, secret = issue_personal_token(organization, user, "Script", 30, actor=cast.actor(user))
    return Client(headers={"authorization": f"Bearer {secret.reveal()}"})


@pytest.fixture
def offer(cast: Any, django_capture_on_commit_callbacks: Any) -> Any:
    with django_capture_on_commit_callbacks(execute=True):
        return api(cast, cast.alice).post("/api/v1/tokens/", GIVEN, "application/json")


def test_alice_gets_a_link_and_no_credential(cast: Any, offer: Any) -> None:
    assert offer.status_code == 202 and "hrt_dev_" not in offer.content.decode()
    assert not AccessToken.objects.filter(kind="device").exists()
    pk = CredentialOffer.objects.get().pk
    assert offer.json()["link"].endswith(reverse("me:credential", args=[pk])) and offer_path(pk) in offer.json()["link"]
    assert Event.objects.filter(code="token.device_credential_offered").exists()


def test_dana_finds_it_in_her_inbox_and_takes_it_once(cast: Any, offer: Any) -> None:
    path = offer_path(CredentialOffer.objects.get().pk)
    assert Notice.objects.get(user=cast.dana).path == path and path in mail.outbox[0].body
    dana = signed_in(cast.dana)
    assert path in dana.get(reverse("me:devices")).content.decode()
    assert "alice@acme.test" in dana.get(path).content.decode()
    taken = dana.post(path, follow=True)
    assert re.search(r"hrt_dev_[\w-]+", taken.content.decode())
    token = AccessToken.objects.get(kind="device")
    assert (token.user, token.created_by, token.made_by) == (cast.dana, cast.dana, "dana@acme.test")
    assert dana.post(path).status_code == 404 and dana.get(path).status_code == 404
    assert not Notice.objects.filter(user=cast.dana, read_at=None).exists()


@pytest.mark.parametrize("who", ["alice", "bob", "charlie"])
def test_nobody_else_opens_it(cast: Any, offer: Any, who: str) -> None:
    client, path = signed_in(getattr(cast, who)), offer_path(CredentialOffer.objects.get().pk)
    assert client.get(path).status_code == 404 and client.post(path).status_code == 404
    assert Client().post(path).status_code == 302
    assert not AccessToken.objects.filter(kind="device").exists()


def test_it_ends_by_itself_with_its_device_and_with_its_person(cast: Any, offer: Any) -> None:
    dana, path = signed_in(cast.dana), offer_path(CredentialOffer.objects.get().pk)
    CredentialOffer.objects.update(expires_at=Now() - timedelta(seconds=1))
    assert dana.post(path).status_code == 404
    CredentialOffer.objects.update(expires_at=Now() + timedelta(days=1))
    membership = Membership.objects.get(user=cast.dana)
    deactivate_person(membership, actor=cast.actor(cast.alice))
    assert dana.post(path).status_code == 302
    Membership.objects.filter(user=cast.dana).update(is_active=True)
    dana = signed_in(cast.dana)  # she was signed out
    revoke_device(cast.dana.devices.get(), actor=cast.actor(cast.alice))
    assert dana.post(path).status_code == 404


def test_an_admin_prepares_nothing_in_an_owners_name(cast: Any) -> None:
    change_role(Membership.objects.get(user=cast.bob), "mcp_admin", actor=cast.actor(cast.alice))
    bob = cast.actor(cast.bob)
    answer = api(cast, cast.bob).post("/api/v1/tokens/", GIVEN | {"person": "alice@acme.test"}, "application/json")
    assert answer.status_code == 403 and "only an owner" in answer.json()["detail"]
    with pytest.raises(NotAllowed, match="only an owner"):
        register_device(cast.acme, cast.alice, "Theirs", actor=bob)
    hers = register_device(cast.acme, cast.alice, "Hers", actor=cast.actor(cast.alice))
    with pytest.raises(NotAllowed, match="only an owner"):
        offer_device_credential(hers, name="x", expires_in_days=30, actor=bob)


def test_a_key_that_was_made_with_an_api_token_names_the_person_behind_it(cast: Any) -> None:
    given = {"kind": "integration", "name": "Nightly", "groups": ["sales"]}
    assert api(cast, cast.alice).post("/api/v1/tokens/", given, "application/json").status_code == 201
    assert AccessToken.objects.get(kind="integration").created_by == cast.alice
