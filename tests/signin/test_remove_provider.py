"""Acme's identity provider goes: whose access ends, who goes on and how, and that nothing comes back by itself."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from harriet.gateway.policy.ended_tokens import _why
from harriet.people.actions.activate_person import activate_person
from harriet.people.actions.assert_identity import Asserted, assert_identity, lapse_identity
from harriet.people.actions.deactivate_person import deactivate_person
from harriet.people.actors import actor_of
from harriet.people.models import AssertedIdentity, Membership, Notice, User
from harriet.people.roles import Role
from harriet.people.tokens import hash_token
from harriet.signin.actions.let_people_go import know_people_anew
from harriet.signin.actions.note_provider_session import note_provider_session
from harriet.signin.actions.remind_of_certificates import remind_of_certificates
from harriet.signin.actions.save_provider import save_saml
from harriet.signin.actions.switch_provider import remove_provider, switch_provider
from harriet.signin.claims import Claims
from harriet.signin.models import IdentityProvider, SubjectToken
from tests.stage.cast import Cast, person
from tests.stage.directory import directory
from tests.stage.facts import bearers_in
from tests.stage.saml import metadata, signer
from tests.stage.signing_app import App
from tests.stage.tokens import device_token

pytestmark = pytest.mark.django_db


@pytest.fixture
def provider(cast: Cast) -> IdentityProvider:
    return IdentityProvider.objects.create(
        organization=cast.acme,
        kind="oidc",
        name="Acme account",
        is_active=True,
        issuer="https://idp.acme.test",
        endpoints={"token_endpoint": "https://idp.acme.test/token"},
        tested_at=timezone.now(),
    )


def known(provider: IdentityProvider, user: User, subject: str = "") -> AssertedIdentity:
    membership = Membership.objects.get(user=user, organization=provider.organization)
    said = Asserted(provider.pk, provider.kind, provider.issuer, subject or f"{user.name}-1", user.email)
    return assert_identity(membership, said, is_sign_in=True, actor=actor_of(user))


def works(user: User, cast: Cast) -> bool:
    return any(one.user_id == user.pk for one in bearers_in(cast.acme.pk).values())


def member(user: User) -> Membership:
    return Membership.objects.select_related("organization", "user").get(user=user)


def test_who_waited_for_it_stays_out_until_an_admin_says_otherwise(cast: Cast, provider: IdentityProvider) -> None:
    """Bob still comes; the provider had stopped knowing Dana, and it vouches for nobody by its own end."""
    for user in (cast.bob, cast.dana):
        device_token(cast.acme, user)
        known(provider, user)
    lapse_identity(AssertedIdentity.objects.get(membership__user=cast.dana))
    assert works(cast.bob, cast) and not works(cast.dana, cast)
    gone = remove_provider(provider, actor=cast.actor(cast.alice))
    assert gone == (2, 1)
    assert works(cast.bob, cast), "his clients go on"
    assert not works(cast.dana, cast) and not member(cast.dana).is_active
    assert not AssertedIdentity.objects.exists()
    activate_person(member(cast.dana), actor=cast.actor(cast.alice))
    assert not works(cast.dana, cast), "let in again, she connects her clients anew"
    device_token(cast.acme, cast.dana, "new laptop")
    assert works(cast.dana, cast), "and nothing waits for a provider that is gone"


def test_whom_an_admin_lets_in_again_waits_for_nothing(cast: Cast, provider: IdentityProvider) -> None:
    lapse_identity(known(provider, cast.dana))
    by = cast.actor(cast.alice)
    activate_person(deactivate_person(member(cast.dana), actor=by), actor=by)
    device_token(cast.acme, cast.dana)
    assert works(cast.dana, cast)


def test_last_owner_and_who_removes_it_stay(cast: Cast, provider: IdentityProvider) -> None:
    lapse_identity(known(provider, cast.alice))
    assert remove_provider(provider, actor=cast.actor(cast.alice)) == (1, 0)
    assert member(cast.alice).is_active


def test_what_the_directory_says_stays(cast: Cast, provider: IdentityProvider) -> None:
    entra = directory(cast)
    entra.create("eve@acme.test", externalId="e-7")
    eve = User.objects.get(email="eve@acme.test")
    known(provider, eve, "sub-of-eve")
    remove_provider(provider, actor=cast.actor(cast.alice))
    identity = AssertedIdentity.objects.get(membership__user=eve)
    assert (identity.source, identity.provider_id, identity.subject) == ("scim", cast.acme.pk, "e-7")
    assert identity.signed_in_at is None, "nobody signed in by what is left"


@pytest.mark.parametrize("end", ["remove", "switch off", "another issuer"])
def test_sign_ins_by_it_end(cast: Cast, provider: IdentityProvider, end: str) -> None:
    client = Client()
    client.force_login(cast.dana)
    identity = known(provider, cast.dana)
    note_provider_session(client.session.session_key or "", provider, identity.membership, Claims("Dana-1"))
    SubjectToken.objects.create(
        membership=identity.membership, provider=provider, sealed=b"x", expires_at=timezone.now()
    )
    if end == "remove":
        remove_provider(provider, actor=cast.actor(cast.alice))
    elif end == "switch off":
        switch_provider(provider, False, actor=cast.actor(cast.alice))
    else:
        know_people_anew(provider, actor=cast.actor(cast.alice))
    assert not Session.objects.exists() and not SubjectToken.objects.exists()
    assert AssertedIdentity.objects.exists() == (end == "switch off")


def test_another_issuer_opens_nobodys_account_by_a_name_of_before(cast: Cast, provider: IdentityProvider) -> None:
    """Number 7 of the new one is somebody else than number 7 of the old one; who waits goes on waiting."""
    device_token(cast.acme, cast.dana)
    known(provider, cast.bob, "7")
    lapse_identity(known(provider, cast.dana, "8"))
    know_people_anew(provider, actor=cast.actor(cast.alice))
    assert not AssertedIdentity.objects.filter(provider_id=provider.pk).exists()
    assert not works(cast.dana, cast) and member(cast.dana).is_active
    known(provider, cast.dana, "7")
    assert works(cast.dana, cast), "she came through the new one"


def test_the_page_says_what_happens(cast: Cast, provider: IdentityProvider, client: Client) -> None:
    erin = person(cast.acme, "Erin", Role.MEMBER)
    erin.set_unusable_password()
    erin.save()
    for user in (cast.bob, cast.dana, erin):
        known(provider, user)
    lapse_identity(AssertedIdentity.objects.get(membership__user=cast.dana))
    client.force_login(cast.alice)
    page = client.get(reverse("sign_in:provider", args=[provider.pk])).content.decode()
    assert "3 people are known by it" in page
    assert "1 of them has none" in page
    assert "1 of them waits with their clients" in page
    assert "Removing it deactivates them" in page
    sent = {"confirmation": "Acme account"}
    page = client.post(reverse("sign_in:remove", args=[provider.pk]), sent, follow=True).content.decode()
    assert "1 of them, who waited for a sign-in, has no access until somebody activates them" in page


def test_who_waits_for_a_sign_in_that_is_switched_off_hears_the_truth(acme: Cast, provider: IdentityProvider) -> None:
    app, dana = App(), acme.dana
    app.sign_in(dana)
    token = device_token(acme.acme, dana)
    lapse_identity(known(provider, dana))
    assert f"/accounts/sso/for/{acme.acme.pk}/" in _why(hash_token(token))
    switch_provider(provider, False, actor=acme.actor(acme.alice))
    client = Client()
    client.force_login(dana)
    page = client.get(app.visit(dana, "")["Location"])
    assert page.status_code == 503
    assert "its sign-in is switched off here" in page.content.decode()
    told = Notice.objects.get(user=acme.alice, key="closed way")
    assert "dana@acme.test waits" in told.text and told.settled_at is None
    assert "the owners were told" in _why(hash_token(token))
    switch_provider(provider, True, actor=acme.actor(acme.alice))
    told.refresh_from_db()
    assert told.settled_at is not None


@pytest.mark.parametrize("who", ["nobody", "somebody who waits for nothing", "a stranger"])
def test_others_learn_nothing_there(cast: Cast, who: str) -> None:
    client = Client()
    user: Any = {"somebody who waits for nothing": cast.dana, "a stranger": cast.charlie}.get(who)
    if user:
        client.force_login(user)
    page = client.get(reverse("sso:organization", args=[cast.acme.pk]))
    assert page.status_code == 400
    assert "Acme" not in page.content.decode().partition("</header>")[2] or user == cast.dana
    assert not Notice.objects.filter(key="closed way").exists()


def test_owners_hear_in_time_that_a_certificate_ends(cast: Cast, provider: IdentityProvider) -> None:
    """Once for each last day; with the next one beside it there is nothing to tell."""
    soon, later = signer("Soon", days=20).certificate, signer("Later", days=300).certificate
    IdentityProvider.objects.filter(pk=provider.pk).update(kind="saml", keys={"certificates": [soon]})
    for _ in range(2):
        remind_of_certificates()
    told = Notice.objects.get(user=cast.alice)
    assert "The last certificate of Acme account ends on" in told.text
    IdentityProvider.objects.filter(pk=provider.pk).update(keys={"certificates": [soon, later]})
    Notice.objects.all().delete()
    remind_of_certificates()
    assert not Notice.objects.exists()


def test_new_metadata_settles_what_was_told_of_the_old(cast: Cast, provider: IdentityProvider) -> None:
    IdentityProvider.objects.filter(pk=provider.pk).update(
        kind="saml", keys={"certificates": [signer("Ended", days=-1).certificate]}
    )
    remind_of_certificates()
    told = Notice.objects.get(user=cast.alice)
    assert "ended on" in told.text
    provider.refresh_from_db()
    save_saml(provider, metadata(signer("Later", days=300)), actor=cast.actor(cast.alice))
    told.refresh_from_db()
    assert told.settled_at is not None
