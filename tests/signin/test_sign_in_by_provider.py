"""Dana, Erin and the others come through Acme's identity provider: who is let in, as whom, and into what."""

from __future__ import annotations

import base64
import zlib
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from approvals.queries import held_of
from audit.models import Event
from harriet.people.models import AssertedIdentity, Group, Membership, User
from harriet.people.pages.fresh_sign_in import SIGNED_IN
from harriet.people.roles import Role
from harriet.signin.actions.save_provider import ClaimNames, save_claims
from harriet.signin.actions.set_mapping import add_mapping
from harriet.signin.actions.switch_provider import switch_provider
from harriet.signin.models import IdentityProvider, ProviderSession
from tests.stage.cast import Cast, person
from tests.stage.held_calls import make_mailing
from tests.stage.identity_provider import come_back, go, sign_in_through
from tests.stage.providers import oidc_provider, saml_provider, verified

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("provider_in_reach")]

OWN = "correct horse battery"


@pytest.fixture(params=["oidc", "saml"])
def provider(request: pytest.FixtureRequest, cast: Cast, issuer: str) -> IdentityProvider:
    """The same stories, whichever protocol it speaks."""
    verified(cast.acme)
    return oidc_provider(cast, issuer) if request.param == "oidc" else saml_provider(cast, issuer)


def start(provider: IdentityProvider) -> str:
    return reverse("sso:start", args=[provider.pk])


def words(response: object) -> str:
    return response.content.decode()  # type: ignore[attr-defined,no-any-return]


def signed_in(client: Client) -> User | None:
    user_id = client.session.get("_auth_user_id")
    return User.objects.get(pk=user_id) if user_id else None


def test_newcomer_becomes_member(cast: Cast, client: Client, provider: IdentityProvider) -> None:
    add_mapping(provider, "sales-team", cast.sales, "", actor=cast.actor(cast.alice))
    response = sign_in_through(client, start(provider), "erin-1")
    assert response.status_code == 200, words(response)
    erin = signed_in(client)
    assert erin is not None
    assert erin.email == "erin@acme.test"
    assert not erin.has_usable_password()
    membership = Membership.objects.get(user=erin)
    assert (membership.organization, membership.role) == (cast.acme, Role.MEMBER)
    assert list(membership.groups.all()) == [cast.sales]
    identity = AssertedIdentity.objects.get(membership=membership)
    assert (identity.source, identity.email) == (provider.kind, "erin@acme.test")
    assert identity.groups == ["sales-team", "approvers"]
    assert identity.signed_in_at is not None
    codes = set(Event.objects.filter(organization_id=cast.acme.pk).values_list("code", flat=True))
    assert {"person.added", "person.identity_asserted", "signin.by_provider", "person.groups_changed"} <= codes


def test_groups_and_role_follow_at_every_sign_in(cast: Cast, client: Client, provider: IdentityProvider) -> None:
    by = cast.actor(cast.alice)
    add_mapping(provider, "sales-team", cast.sales, "", actor=by)
    approvers = add_mapping(provider, "approvers", None, Role.APPROVER, actor=by)
    old = Group.objects.create(organization=cast.acme, slug="old", name="Old")
    free = Group.objects.create(organization=cast.acme, slug="free", name="Free")
    add_mapping(provider, "nobody-is-in-it", old, "", actor=by)
    sign_in_through(client, start(provider), "erin-1")
    membership = Membership.objects.get(user__email="erin@acme.test")
    assert membership.role == Role.APPROVER
    membership.groups.add(old, free)
    sign_in_through(client, start(provider), "erin-1")
    assert set(membership.groups.all()) == {cast.sales, free}
    approvers.value = "others"
    approvers.save()
    sign_in_through(client, start(provider), "erin-1")
    membership.refresh_from_db()
    assert membership.role == Role.MEMBER


def test_account_with_password_is_proved_first(cast: Cast, client: Client, provider: IdentityProvider) -> None:
    """Dana has had an account: nobody but who knows its password connects it."""
    page = sign_in_through(client, start(provider), "dana-1")
    assert "Is this your account?" in words(page)
    assert signed_in(client) is None
    assert not AssertedIdentity.objects.exists()
    page = client.post(reverse("account_login"), {"login": "dana@acme.test", "password": OWN}, follow=True)
    assert "Connect them and sign in" in words(page)
    page = client.post(page.request["PATH_INFO"], follow=True)
    assert page.status_code == 200
    assert signed_in(client) == cast.dana
    assert client.session["confined_to"] == str(cast.acme.pk)
    other = Client()
    sign_in_through(other, start(provider), "dana-1")
    assert signed_in(other) == cast.dana


def test_somebody_else_signed_in_connects_nothing(cast: Cast, client: Client, provider: IdentityProvider) -> None:
    page = sign_in_through(client, start(provider), "dana-1")
    page = client.post(reverse("account_login"), {"login": "bob@acme.test", "password": OWN}, follow=True)
    assert "You are signed in here as" in words(page)
    client.post(page.request["PATH_INFO"], follow=True)
    assert not AssertedIdentity.objects.exists()
    assert signed_in(client) == cast.bob


@pytest.mark.parametrize("provider", ["oidc"], indirect=True)
def test_address_that_went_on_to_somebody_else(cast: Cast, client: Client, provider: IdentityProvider) -> None:
    """Mallory gets Dana's address at the provider; the account stays Dana's."""
    membership = Membership.objects.get(user=cast.dana)
    cast.dana.set_unusable_password()
    cast.dana.save()
    sign_in_through(client, start(provider), "dana-1")
    assert AssertedIdentity.objects.get(membership=membership).subject == "dana-1"
    other = Client()
    page = sign_in_through(other, start(provider), "mallory-1")
    assert "belongs to another account" in words(page)
    assert signed_in(other) is None
    owner = Client()
    owner.force_login(cast.alice)
    assert "dana-1" in words(owner.get(reverse("people:detail", args=[membership.pk])))
    owner.post(reverse("sign_in:separate", args=[membership.pk]))
    assert signed_in(client) is None
    sign_in_through(other, start(provider), "mallory-1")
    assert signed_in(other) == cast.dana


@pytest.mark.parametrize("who", ["victor-1", "charlie-1"])
def test_foreign_domain_is_refused(cast: Cast, client: Client, provider: IdentityProvider, who: str) -> None:
    """A provider of Acme's can say that somebody is Charlie of Globex: it is not believed."""
    page = sign_in_through(client, start(provider), who)
    assert page.status_code == 400
    assert "is not verified for Acme" in words(page)
    assert signed_in(client) is None
    assert Event.objects.filter(organization_id=cast.acme.pk, code="signin.refused").count() == 1


def test_nobody_is_let_in_who_was_not_invited(cast: Cast, client: Client, provider: IdentityProvider) -> None:
    save_claims(provider, ClaimNames(makes_accounts=False), actor=cast.actor(cast.alice))
    page = sign_in_through(client, start(provider), "erin-1")
    assert "nobody has let you into Acme" in words(page)
    assert not User.objects.filter(email="erin@acme.test").exists()


def test_ended_access_stays_ended(cast: Cast, client: Client, provider: IdentityProvider) -> None:
    sign_in_through(client, start(provider), "erin-1")
    Membership.objects.filter(user__email="erin@acme.test").update(is_active=False)
    other = Client()
    page = sign_in_through(other, start(provider), "erin-1")
    assert "Your access to Acme ended" in words(page)
    assert signed_in(other) is None


def test_session_opens_one_organization_alone(cast: Cast, client: Client, provider: IdentityProvider) -> None:
    """Erin works for both; Acme's provider signs her in at Acme and changes nothing of hers elsewhere."""
    sign_in_through(client, start(provider), "erin-1")
    erin = User.objects.get(email="erin@acme.test")
    Membership.objects.create(organization=cast.globex, user=erin, role=Role.OWNER)
    User.objects.filter(pk=erin.pk).update(is_superuser=True)
    assert client.post(reverse("people:switch"), {"organization": str(cast.globex.pk)}).status_code == 404
    assert b"Globex" not in client.get("/me/").content
    assert client.get(reverse("admin:installation")).status_code in {302, 403, 404}
    for name in ("account_change_password", "account_set_password", "mfa_index", "mfa_add_webauthn"):
        assert client.get(reverse(name), follow=True).status_code == 403, name
    assert client.post(reverse("console:end_sessions")).status_code == 403
    client.post(reverse("console:account"), {"name": "Somebody else"})
    assert User.objects.get(pk=erin.pk).name != "Somebody else"


def test_session_ends_at_its_hour(cast: Cast, client: Client, provider: IdentityProvider) -> None:
    sign_in_through(client, start(provider), "erin-1")
    ends = client.session.get_expiry_date()
    client.get("/me/")
    session = client.session
    session["touched"] = True
    session.save()
    assert client.session.get_expiry_date() == ends
    assert ProviderSession.objects.get().session_id == client.session.session_key


def test_switched_off_provider_signs_out(cast: Cast, client: Client, provider: IdentityProvider) -> None:
    sign_in_through(client, start(provider), "erin-1")
    there = client.get(start(provider))["Location"]
    switch_provider(provider, False, actor=cast.actor(cast.alice))
    assert client.get("/me/").status_code == 302
    assert client.get(start(provider)).status_code == 400
    assert come_back(client, go(there, "erin-1")).status_code == 400
    assert signed_in(client) is None


def test_answer_is_for_the_browser_that_asked(cast: Cast, client: Client, provider: IdentityProvider) -> None:
    """Mallory sends somebody else her own way back: nobody is signed in as her unawares."""
    answer = go(client.get(start(provider))["Location"], "erin-1")
    other = Client()
    page = come_back(other, answer)
    assert page.status_code == 400
    assert signed_in(other) is None


def test_answer_is_taken_once(cast: Cast, client: Client, provider: IdentityProvider) -> None:
    answer = go(client.get(start(provider))["Location"], "erin-1")
    assert come_back(client, answer).status_code == 200
    again = Client()
    again.cookies = client.cookies
    assert come_back(again, answer).status_code == 400


def test_owner_tries_it(cast: Cast, client: Client, provider: IdentityProvider) -> None:
    """A test sign-in shows what came and what it would mean, and changes nothing."""
    IdentityProvider.objects.filter(pk=provider.pk).update(is_active=False, tested_at=None)
    add_mapping(provider, "approvers", None, Role.APPROVER, actor=cast.actor(cast.alice))
    add_mapping(provider, "sales-team", cast.sales, "", actor=cast.actor(cast.alice))
    client.force_login(cast.alice)
    people, events = Membership.objects.count(), Event.objects.count()
    page = sign_in_through(client, reverse("sign_in:test", args=[provider.pk]), "erin-1")
    text = words(page)
    assert "Nothing was changed" in text
    assert "erin@acme.test" in text
    assert "Approver" in text
    assert "Sales" in text
    assert signed_in(client) == cast.alice
    assert (Membership.objects.count(), Event.objects.count()) == (people, events)
    provider.refresh_from_db()
    assert provider.tested_at is not None


def test_last_owner_stays_owner(cast: Cast, client: Client, provider: IdentityProvider) -> None:
    by = cast.actor(cast.alice)
    add_mapping(provider, "owners", None, Role.OWNER, actor=by)
    cast.alice.set_unusable_password()
    cast.alice.save()
    sign_in_through(client, start(provider), "alice-1")
    assert Membership.objects.get(user=cast.alice).role == Role.OWNER
    person(cast.acme, "Olga", Role.OWNER)
    sign_in_through(client, start(provider), "alice-1")
    assert Membership.objects.get(user=cast.alice).role == Role.MEMBER


def test_login_page_leads_there(cast: Cast, client: Client, provider: IdentityProvider) -> None:
    assert reverse("sso:find") in words(client.get(reverse("account_login")))
    page = words(client.post(reverse("sso:find"), {"email": "anybody@acme.test", "next": "/me/"}))
    assert f"{start(provider)}?next=/me/" in page
    assert "No organization here" in words(client.post(reverse("sso:find"), {"email": "a@elsewhere.test"}))


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.test/",
        "//evil.test/",
        "/\\evil.test",
        "javascript:alert(1)",
        "/\t/evil.test",
        "/a\x00b",
        "/a\r\nSet-Cookie: a=b",
        "/\u202e",
        "/" + "x" * 5000,
    ],
)
def test_no_open_redirect(cast: Cast, client: Client, provider: IdentityProvider, path: str) -> None:
    there = client.get(start(provider), {"next": path})["Location"]
    page = come_back(client, go(there, "erin-1"))
    assert all(not url.startswith(("http", "//", "\\")) for url, _ in page.redirect_chain)


def test_an_approver_without_a_password_signs_in_again_through_the_company(
    cast: Cast, client: Client, provider: IdentityProvider
) -> None:
    """Before they approve something dangerous: the provider is asked not to take it for granted who they are."""
    held = make_mailing(cast).held()
    add_mapping(provider, "approvers", None, Role.APPROVER, actor=cast.actor(cast.alice))
    sign_in_through(client, start(provider), "erin-1")
    session = client.session
    session[SIGNED_IN] = session[SIGNED_IN] - 3600
    session.save()
    ticket, typed = reverse("tickets:detail", args=[1]), {"reason": "Known customer.", "edition": 0}
    to_company = client.post(reverse("tickets:approve", args=[1]), typed)
    assert to_company["Location"].startswith(reverse("sso:organization", args=[cast.acme.pk]))
    page = words(client.get(to_company["Location"]))
    way = f"{start(provider)}?next={ticket}&again=yes"
    assert f'href="{way.replace("&", "&amp;")}"' in page and "you prove again who you are" in page
    asked = parse_qs(urlsplit(client.get(way)["Location"]).query)
    if provider.kind == "oidc":
        assert asked["prompt"] == ["login"]
    else:
        request = zlib.decompress(base64.b64decode(asked["SAMLRequest"][0]), -15)
        assert b'ForceAuthn="true"' in request
    back = words(sign_in_through(client, way, "erin-1"))
    assert "Signed in again. Nothing was done yet" in back and "Known customer." in back
    assert held_of(held.action_id).state == "waiting"
    client.post(reverse("tickets:approve", args=[1]), typed)
    assert held_of(held.action_id).state == "approved"
