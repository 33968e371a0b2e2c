"""Acme requires single sign-on: who gets in how, who gets in without, and when clients stop by themselves."""

from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from harriet.people.actions.assert_identity import Asserted, assert_identity
from harriet.people.actions.change_role import change_role
from harriet.people.actions.deactivate_person import deactivate_person
from harriet.people.actions.issue_scim_token import issue_scim_token
from harriet.people.actions.remove_person import remove_person
from harriet.people.errors import PeopleError
from harriet.people.models import AccessToken, AssertedIdentity, Membership, Notice, SignInRule, User
from harriet.people.queries import has_lapsed
from harriet.people.roles import Role
from harriet.signin.actions.lapse_clients import end_old_sessions, lapse_clients
from harriet.signin.actions.note_provider_session import note_provider_session
from harriet.signin.actions.set_sign_in_rule import set_sign_in_rule
from harriet.signin.actions.switch_provider import remove_provider, switch_provider
from harriet.signin.claims import Claims
from harriet.signin.models import IdentityProvider, ProviderSession
from tests.stage.cast import Cast, person
from tests.stage.facts import bearers_in
from tests.stage.signing_app import App
from tests.stage.tokens import device_credential

pytestmark = pytest.mark.django_db
OWN = "correct horse battery"


def factor(user: User) -> Authenticator:
    return Authenticator.objects.create(user=user, type="totp", data={"secret": "sealed"})


@pytest.fixture
def provider(cast: Cast) -> IdentityProvider:
    return IdentityProvider.objects.create(
        organization=cast.acme,
        kind="saml",
        name="Acme account",
        is_active=True,
        issuer="https://idp.acme.test",
        endpoints={"sso": "https://idp.acme.test/sso"},
        tested_at=timezone.now(),
    )


def required(cast: Cast, **changes: object) -> SignInRule:
    facts = {"is_enforced": True, "break_glass": cast.alice, "session_hours": 8, "client_hours": 24} | changes
    return set_sign_in_rule(cast.acme, **facts, actor=cast.actor(cast.alice))  # type: ignore[arg-type]


def log_in(email: str) -> tuple[Client, str]:
    client = Client()
    page = client.post(reverse("account_login"), {"login": email, "password": OWN}, follow=True)
    return client, page.content.decode()


def known(cast: Cast, user: User, provider: IdentityProvider) -> AssertedIdentity:
    membership = Membership.objects.get(user=user, organization=cast.acme)
    said = Asserted(provider.pk, "saml", provider.issuer, f"{user.name}-1", user.email)
    return assert_identity(membership, said, is_sign_in=True, actor=cast.actor(cast.alice))


def works(cast: Cast, user: User) -> bool:
    """Whether a device of theirs still opens the gateway."""
    return any(one.user_id == user.pk for one in bearers_in(cast.acme.pk).values())


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"break_glass": None}, "Name the owner"),
        ({"session_hours": 0}, "Between 1 and 24"),
        ({"client_hours": 9999}, "Between 1 and 720"),
    ],
)
def test_rule_that_strands_nobody(cast: Cast, provider: IdentityProvider, changes: dict[str, object], why: str) -> None:
    factor(cast.alice)
    with pytest.raises(PeopleError, match=why):
        required(cast, **changes)
    assert not SignInRule.objects.filter(is_enforced=True).exists()


def test_needs_provider_that_was_tried(cast: Cast, provider: IdentityProvider) -> None:
    factor(cast.alice)
    IdentityProvider.objects.update(tested_at=None)
    with pytest.raises(PeopleError, match="Try it first"):
        required(cast)
    IdentityProvider.objects.update(is_active=False)
    with pytest.raises(PeopleError, match="Switch an identity provider on"):
        required(cast)


def test_break_glass_is_owner_with_two_factors(cast: Cast, provider: IdentityProvider) -> None:
    with pytest.raises(PeopleError, match="no second factor"):
        required(cast)
    with pytest.raises(PeopleError, match="active owner"):
        required(cast, break_glass=cast.dana)


def test_password_opens_it_no_more(cast: Cast, provider: IdentityProvider) -> None:
    signed_in_before = Client()
    signed_in_before.force_login(cast.dana)
    assert signed_in_before.get("/me/").status_code == 200
    factor(cast.alice)
    required(cast)
    page = signed_in_before.get("/me/", follow=True).content.decode()
    assert "Sign in through Acme" in page
    assert reverse("sso:organization", args=[cast.acme.pk]) in page
    client, page = log_in("dana@acme.test")
    assert "requires single sign-on" in page
    assert "_auth_user_id" not in client.session
    assert signed_in_before.get("/api/v1/groups/").status_code == 403


def test_page_that_was_wanted_is_kept(cast: Cast, provider: IdentityProvider) -> None:
    factor(cast.alice)
    required(cast)
    sent = {"login": "dana@acme.test", "password": OWN, "next": "/me/devices/?from=mail"}
    page = Client().post(reverse("account_login"), sent, follow=True).content.decode()
    assert f"{reverse('sso:start', args=[provider.pk])}?next=/me/devices/%3Ffrom%3Dmail" in page
    evil = Client().post(reverse("account_login"), sent | {"next": "//evil.test/"}, follow=True)
    assert "evil" not in evil.content.decode()


def test_client_that_waits_is_led_to_the_provider(acme: Cast, provider: IdentityProvider) -> None:
    """A token that the gateway would refuse is not given: the client asks its person to sign in instead, and goes on
    by what it has once they did."""
    app, dana = App(), acme.dana
    tokens = app.sign_in(dana)
    known(acme, dana, provider)
    AssertedIdentity.objects.update(lapsed_at=timezone.now())
    refused = app.refresh(tokens["refresh_token"])
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    there = app.visit(dana, "")
    assert there["Location"].startswith(reverse("sso:organization", args=[acme.acme.pk]))
    page = Client().get(there["Location"]).content.decode()
    assert "Go on to" in page and "requires single sign-on" not in page
    known(acme, dana, provider)
    assert app.visit(dana, "").status_code != 302 or "code" in app.sent_back(dana)
    assert app.refresh(tokens["refresh_token"]).status_code == 200


def test_reset_mails_the_way_there(cast: Cast, provider: IdentityProvider) -> None:
    factor(cast.alice)
    required(cast)
    page = Client().post(reverse("account_reset_password"), {"email": "dana@acme.test"}, follow=True)
    assert page.status_code == 200
    (sent,) = [one for one in mail.outbox if one.to == ["dana@acme.test"]]
    assert reverse("sso:organization", args=[cast.acme.pk]) in sent.body
    assert "/password/reset/key/" not in sent.body


def test_somebody_of_two_organizations_loses_one(cast: Cast, provider: IdentityProvider) -> None:
    Membership.objects.create(organization=cast.globex, user=cast.dana, role=Role.MEMBER)
    factor(cast.alice)
    required(cast)
    client, _ = log_in("dana@acme.test")
    assert client.get("/me/").status_code == 200
    assert client.post(reverse("people:switch"), {"organization": str(cast.acme.pk)}).status_code == 404


def test_break_glass_owner_gets_in_and_all_owners_hear(cast: Cast, provider: IdentityProvider) -> None:
    olga = person(cast.acme, "Olga", Role.OWNER)
    mine = factor(cast.alice)
    required(cast)
    Notice.objects.all().delete()
    client = Client()
    client.force_login(cast.alice)
    assert client.get(reverse("sign_in:list")).status_code == 200
    assert Event.objects.filter(code="signin.break_glass_used").count() == 1
    assert set(Notice.objects.values_list("user", flat=True)) == {cast.alice.pk, olga.pk}
    assert not get_adapter().can_delete_authenticator(mine)
    factor_of_olga = factor(olga)
    assert get_adapter().can_delete_authenticator(factor_of_olga)


def test_owner_who_gets_in_without_it_stays_one(cast: Cast, provider: IdentityProvider) -> None:
    """Whoever wants to end their access: nobody would get in while the provider is down."""
    olga = person(cast.acme, "Olga", Role.OWNER)
    factor(cast.alice)
    required(cast)
    alice, by = Membership.objects.get(user=cast.alice), cast.actor(olga)
    for ends in (
        lambda: deactivate_person(alice, actor=by),
        lambda: remove_person(alice, actor=by),
        lambda: change_role(alice, Role.MEMBER, actor=by),
    ):
        with pytest.raises(PeopleError, match="without single sign-on"):
            ends()
    factor(olga)
    required(cast, break_glass=olga)
    change_role(alice, Role.MEMBER, actor=by)


def test_last_provider_stays_on(cast: Cast, provider: IdentityProvider) -> None:
    factor(cast.alice)
    required(cast)
    with pytest.raises(PeopleError, match="only provider"):
        switch_provider(provider, False, actor=cast.actor(cast.alice))
    with pytest.raises(PeopleError, match="only provider"):
        remove_provider(provider, actor=cast.actor(cast.alice))


def test_clients_stop_after_the_stated_time(cast: Cast, provider: IdentityProvider) -> None:
    """Dana was removed at the provider: she can't sign in, and her client stops when its time is over."""
    factor(cast.alice)
    for user in (cast.dana, cast.bob, cast.alice):
        device_credential(cast.acme, user, "laptop")
    identity = known(cast, cast.dana, provider)
    required(cast, client_hours=24)
    assert lapse_clients() == 0
    assert works(cast, cast.dana)
    long_ago = timezone.now() - timedelta(hours=25)
    SignInRule.objects.update(enforced_at=long_ago)
    AssertedIdentity.objects.update(signed_in_at=timezone.now() - timedelta(hours=23))
    lapse_clients()
    assert works(cast, cast.dana)
    assert not works(cast, cast.bob), "a local account that never came through the provider"
    assert works(cast, cast.alice), "who gets in without it"
    AssertedIdentity.objects.update(signed_in_at=long_ago)
    assert lapse_clients() == 1
    assert not works(cast, cast.dana)
    assert lapse_clients() == 0
    assert Event.objects.filter(code="signin.clients_lapsed").count() == 1
    assert has_lapsed(identity.membership)
    known(cast, cast.dana, provider)
    assert works(cast, cast.dana), "after the next sign-in the same credential works again"


def test_whom_a_directory_describes_lapses_once_it_speaks_no_more(cast: Cast, provider: IdentityProvider) -> None:
    """The directory ends access by itself; without a token that opens SCIM it ends nothing any more."""
    factor(cast.alice)
    device_credential(cast.acme, cast.dana, "laptop")
    identity = known(cast, cast.dana, provider)
    AssertedIdentity.objects.filter(pk=identity.pk).update(source="scim")
    token = issue_scim_token(cast.acme, "Entra ID", 30, actor=cast.actor(cast.alice)).token
    required(cast, client_hours=24)
    long_ago = timezone.now() - timedelta(hours=25)
    SignInRule.objects.update(enforced_at=long_ago)
    AssertedIdentity.objects.update(signed_in_at=long_ago)
    assert lapse_clients() == 0 and works(cast, cast.dana)
    AccessToken.objects.filter(pk=token.pk).update(revoked_at=timezone.now() - timedelta(hours=23))
    assert lapse_clients() == 0 and works(cast, cast.dana)
    AccessToken.objects.filter(pk=token.pk).update(revoked_at=long_ago)
    assert lapse_clients() == 1 and not works(cast, cast.dana)


def test_sessions_that_are_older_than_is_wanted_now_end(cast: Cast, provider: IdentityProvider) -> None:
    """They were begun while eight hours were allowed; an owner has made it one since. A password's session goes on."""
    factor(cast.alice)
    browsers = {}
    for user, hours in ((cast.dana, 2), (cast.bob, 0)):
        browsers[user] = Client()
        browsers[user].force_login(user)
        membership = known(cast, user, provider).membership
        key = str(browsers[user].session.session_key)
        note_provider_session(key, provider, membership, Claims(f"{user.name}-1"))
        began = timezone.now() - timedelta(hours=hours)
        ProviderSession.objects.filter(membership=membership).update(began_at=began)
    browsers[cast.alice] = Client()
    browsers[cast.alice].force_login(cast.alice)
    required(cast, session_hours=8)
    end_old_sessions()
    assert all("_auth_user_id" in one.session for one in browsers.values())
    required(cast, session_hours=1)
    end_old_sessions()
    assert {user.name for user, one in browsers.items() if "_auth_user_id" in one.session} == {"Bob", "Alice"}


def test_nothing_lapses_where_it_is_not_required(cast: Cast, provider: IdentityProvider) -> None:
    device_credential(cast.acme, cast.dana, "laptop")
    known(cast, cast.dana, provider)
    AssertedIdentity.objects.update(signed_in_at=timezone.now() - timedelta(days=300))
    assert lapse_clients() == 0
    assert works(cast, cast.dana)


def test_only_owners_say_who_signs_in(cast: Cast, provider: IdentityProvider, client: Client) -> None:
    """Who runs the provider signs in as anybody: an IT admin can't choose it."""
    admin = person(cast.acme, "Ivan", Role.MCP_ADMIN)
    client.force_login(admin)
    assert client.get(reverse("sign_in:list")).status_code == 200
    assert client.get(reverse("sign_in:new")).status_code == 403
    assert client.get(reverse("sign_in:provider", args=[provider.pk])).status_code == 403
    for name in ("rule", "add_domain"):
        assert client.post(reverse(f"sign_in:{name}")).status_code == 403
    for name in ("settings", "claims", "map", "switch", "remove"):
        assert client.post(reverse(f"sign_in:{name}", args=[provider.pk])).status_code == 403
