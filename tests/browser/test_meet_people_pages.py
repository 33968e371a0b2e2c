"""The pages around people in Chromium: both widths, both themes, no finding, no word in the console."""

from __future__ import annotations

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from playwright.sync_api import Page

from audit.actor import SYSTEM
from connectors.models import Profile
from harriet.people.actions.add_person import add_person
from harriet.people.actions.invite_person import invite_person
from harriet.people.actions.issue_integration_key import issue_integration_key
from harriet.people.actions.make_setup_link import make_setup_link
from harriet.people.models import AccessToken, Membership, User
from harriet.people.roles import Role
from tests.stage.cast import Cast
from tests.stage.site import Site
from tests.stage.visit import visit

pytestmark = pytest.mark.browser
PASSWORD = "sunlight on the harbour wall"


def give_password(user: User) -> None:
    """The served Harriet knows no quick hash, as the tests' own process does."""
    user.password = PBKDF2PasswordHasher().encode(PASSWORD, "salt")
    user.save()


def prove_again(page: Page) -> None:
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()


def test_the_first_owner_arrives(site: Site) -> None:
    page = site.page()
    visit(page, f"/setup/{make_setup_link(actor=SYSTEM).reveal()}/")
    page.get_by_label("Organization").fill("Acme")
    page.get_by_label("Your name").fill("Alice")
    page.get_by_label("Your e-mail address").fill("alice@acme.test")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create the first account").click()
    page.wait_for_url("**/settings/")
    visit(page, "/settings/people/")


def test_pages_of_company_settings(site: Site, cast: Cast) -> None:
    actor, dana = cast.actor(cast.alice), Membership.objects.get(user=cast.dana)
    _, link = invite_person(cast.acme, "eve@acme.test", Role.MEMBER, [cast.sales], actor=actor)
    issue_integration_key(cast.acme, "Nightly report", [cast.sales], 30, actor=actor)
    add_person(cast.acme, "a.very.long.address.of.somebody@subsidiary.of.acme.test", Role.AUDITOR, actor=actor)
    page = site.page(cast.alice)
    for path in ("people/", "people/invite/", f"people/{dana.pk}/", "groups/", "groups/new/", "devices/"):
        visit(page, f"/settings/{path}")
    visit(page, f"/settings/groups/{cast.sales.pk}/")
    visit(page, "/settings/devices/new-key/")
    visit(page, "/choose-organization/")
    visit(site.page(), "/join/" + link.reveal().rpartition("/join/")[2])
    visit(site.page(), "/join/nothing/", expect=404)
    visit(site.page(), "/setup/nothing/", expect=404)


def test_dana_connects_a_client_and_sees_the_tick(site: Site, cast: Cast) -> None:
    profile = Profile.objects.create(organization=cast.acme, slug="work", name="Work")
    profile.groups.add(cast.sales)
    page = site.page(cast.dana)
    for path in ("", "devices/", "connect/", "activity/", "waiting/", f"connect/{profile.slug}/cursor/"):
        visit(page, f"/me/{path}")
    page.goto("/me/connect/")
    page.get_by_label("Name of the new device").fill("Dana’s laptop")
    page.get_by_role("button", name="Issue a credential").click()
    page.get_by_text("Waiting for your first call").wait_for()
    AccessToken.objects.update(last_seen_at="2026-01-01T00:00Z")
    page.get_by_role("status").get_by_text("It works").wait_for()


def test_pages_of_signing_in(site: Site, cast: Cast) -> None:
    for path in ("login/", "signup/", "password/reset/", "password/reset/done/"):
        visit(site.page(), f"/accounts/{path}")
    give_password(cast.dana)
    page = site.page(cast.dana)
    for path in ("logout/", "password/change/", "2fa/", "reauthenticate/?next=/accounts/2fa/"):
        visit(page, f"/accounts/{path}")
    prove_again(page)
    page.wait_for_url("**/2fa/**")
    for path in ("2fa/totp/activate/", "2fa/webauthn/", "2fa/webauthn/add/"):
        visit(page, f"/accounts/{path}")


def test_dana_adds_a_passkey_and_signs_in_with_it(site: Site, cast: Cast) -> None:
    """Chromium's virtual authenticator; allauth's scripts, under Harriet's content policy."""
    give_password(cast.dana)
    context = site.context()
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    key = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    key |= {"isUserVerified": True, "automaticPresenceSimulation": True}
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": key})
    at = site.url.replace("127.0.0.1", "localhost")  # an address without a name can have no passkey
    page.goto(f"{at}/accounts/login/?next=/accounts/2fa/webauthn/add/")
    page.get_by_label("E-mail address").fill("dana@acme.test")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    prove_again(page)
    page.get_by_label("Sign in with it alone, without a password").check()
    page.get_by_role("button", name="Add it").click()
    page.wait_for_url("**/recovery-codes/**")
    context.clear_cookies()
    page.goto(f"{at}/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/me/")
