"""Acme's people sign in where they sign in already, in Chromium: Alice sets it up, Erin comes by it, passwords open
nothing any more, and whom the provider removes loses what was open."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings
from playwright.sync_api import Page, expect

from audit.models import Event
from harriet.people.models import AssertedIdentity, Membership, Notice, User
from harriet.people.roles import Role
from harriet.signin.models import Domain, IdentityProvider
from tests.conftest import SESSION
from tests.servers.dns_server import NameServer
from tests.servers.oidc_provider import Provider
from tests.stage.cast import Cast, person
from tests.stage.clients import Client
from tests.stage.connected_apps import client_of, connected_app
from tests.stage.hands import AT_A_DESK, WITHOUT_SCRIPTS, Hands, Way
from tests.stage.identity_provider import PASSWORD, identity_provider
from tests.stage.processes import Running
from tests.stage.profiles import profile
from tests.stage.providers import reach, saml_provider, verified
from tests.stage.site import Site, serve
from tests.stage.tokens import device_token
from tests.stage.totp import add_app, code_now

pytestmark = pytest.mark.browser
ON_A_PHONE = Way(360, "dark")
ERIN = {"email": "erin@acme.test", "name": "Erin", "groups": ["sales-team", "approvers"]}
EVIL = ["https://evil.test/", "//evil.test", "/\\evil.test"]
OWN = "correct horse battery"


@pytest.fixture(scope="module")
def names() -> Iterator[NameServer]:
    with NameServer() as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("HARRIET_DNS_SERVERS", f"127.0.0.1:{server.port}")
        yield server


@pytest.fixture(scope="module")
def served(names: NameServer, django_db_setup: None, static_files: None) -> Iterator[str]:
    """A process of its own, which asks this name server."""
    with serve(SESSION) as url:
        yield url


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[Provider]:
    process = Provider(log=tmp_path / "provider.log", people={"erin-1": ERIN, "mallory-1": {"email": "m@evil.test"}})
    process.wait()
    yield process
    process.stop()


def sign_in_there(page: Page, account: str) -> None:
    """At the provider: the account, then its consent."""
    page.locator("input[name=login]").fill(account)
    page.locator("input[name=password]").fill("any")
    for _ in range(2):
        with page.expect_navigation():  # or the second press may meet the first page
            page.locator("button[type=submit]").click()


def test_alice_sets_it_up_and_erin_comes_by_it(site: Site, cast: Cast, provider: Provider, names: NameServer) -> None:
    reach(cast.acme)
    alice, erin = Hands(site, cast.alice, AT_A_DESK), Hands(site, None, ON_A_PHONE)
    client = is_made_known(alice, provider)
    is_refused_with_the_wrong_secret(alice, client)
    is_tried(alice, client)
    is_mapped_and_tried_again(alice)
    domain_is_proved(alice, names)
    is_switched_on(alice)
    comes_where_she_wanted(erin)
    ends_up_nowhere_else(erin)
    stranger_is_refused(site)
    tokens = tokens_of(cast, User.objects.get(email=ERIN["email"]))
    single_sign_on_is_required(alice, cast)
    passwords_open_nothing(site, cast)
    owner_gets_in_without(site, cast)
    for token, path in tokens.items():
        Client(Running(site.url), token, path).until(200)
    provider.remove("erin-1", client["client_id"])
    everything_of_hers_ended(erin, tokens, site)
    for hands in (alice, erin):
        hands.done()


def is_made_known(alice: Hands, provider: Provider) -> dict[str, Any]:
    """To each other: Harriet's addresses go to the provider, what it gives in return comes back."""
    alice.open("/settings/sign-in/")
    alice.follow("Add an identity provider")
    alice.write("Name", "Acme account")
    alice.press("Add and go on")
    alice.sees("Acme account was added. It is off", "What the provider has to know")
    alice.look()
    shown = {name: alice.page.get_by_label(name).inner_text().strip() for name in ("Redirect address", LOGOUT)}
    made = provider.register(
        client_name="Harriet", redirect_uris=[shown["Redirect address"]], backchannel_logout_uri=shown[LOGOUT]
    )
    return {**made, "issuer": provider.url}


LOGOUT = "Back-channel logout address"


def fill_in(alice: Hands, client: dict[str, Any], secret: str) -> None:
    alice.write("Issuer", client["issuer"])
    alice.write("Client id", client["client_id"])
    alice.write("Client secret", secret)
    alice.press("Ask the provider and save")
    alice.sees("The settings are saved, and the provider answered.")


def is_refused_with_the_wrong_secret(alice: Hands, client: dict[str, Any]) -> None:
    fill_in(alice, client, "not-the-secret")
    address = alice.page.url
    alice.follow("Test sign-in")
    sign_in_there(alice.page, "erin-1")
    alice.sees("the identity provider does not accept Harriet’s client id and secret")
    alice.look()
    alice.open(address)


def is_tried(alice: Hands, client: dict[str, Any]) -> None:
    fill_in(alice, client, client["client_secret"])
    assert client["client_secret"] not in alice.page.content()
    alice.follow("Test sign-in")
    alice.sees("Nothing was changed", "erin@acme.test", "groups", "sales-team")
    assert "code=" not in alice.page.url and "state=" not in alice.page.url
    alice.look()
    assert not User.objects.filter(email="erin@acme.test").exists()
    alice.follow("Back to the provider")


def is_mapped_and_tried_again(alice: Hands) -> None:
    alice.tick("Make an account for whoever comes for the first time", "When the provider signs somebody out")
    with alice.page.expect_navigation():
        alice.page.locator("#claims ~ form button, section[aria-labelledby=claims] button").first.click()
    alice.sees("Saved. It holds from each person’s next sign-in on.")
    for value, mapped in (("sales-team", "Sales"), ("approvers", "")):
        alice.write("Group at the provider", value)
        if mapped:
            alice.choose("Group", mapped)
        else:
            alice.choose("Or a role here", "Approver")
        alice.press("Add the mapping")
        alice.sees("Mapped. It holds from each person’s next sign-in on.")
    alice.follow("Test sign-in")
    alice.sees("Nothing was changed", "Sales", "Approver")
    alice.follow("Back to the provider")


def domain_is_proved(alice: Hands, names: NameServer) -> None:
    alice.open("/settings/sign-in/")
    alice.write("Domain", "acme.test")
    alice.press("Add the domain")
    alice.press_like("Look for it now")
    alice.sees("There is no TXT record at _harriet.acme.test. A new one can take an hour to be seen.")
    alice.look()
    names.records["_harriet.acme.test"] = [
        '"v=spf1 -all"',
        f'"{alice.page.get_by_label("Proof").inner_text().strip()}"',
    ]
    alice.press_like("Look for it now")
    alice.sees("acme.test is verified.")
    assert Domain.objects.get().verified_at is not None


def is_switched_on(alice: Hands) -> None:
    alice.follow("Acme account")
    alice.press("Switch Acme account on")
    alice.sees("Acme account is on: people can sign in through it.")


def comes_where_she_wanted(erin: Hands) -> None:
    """From the ordinary sign-in page, which she was sent to from a page she had a link to."""
    erin.open("/me/devices/?from=mail")
    erin.follow("Sign in through your company")
    erin.look()
    erin.write("E-mail address", "Erin@ACME.test")
    erin.press("Go on")
    erin.look()
    erin.follow("Go on to Acme account")
    sign_in_there(erin.page, "erin-1")
    erin.page.wait_for_url("**/me/devices/?from=mail")
    assert erin.page.url.endswith("/me/devices/?from=mail"), "and neither a code nor a state"
    membership = Membership.objects.get(user__email="erin@acme.test")
    assert (membership.role, [one.name for one in membership.groups.all()]) == (Role.APPROVER, ["Sales"])
    assert AssertedIdentity.objects.get(membership=membership).subject == "erin-1"


def ends_up_nowhere_else(erin: Hands) -> None:
    """However a link asks for it; she is known at the provider by now and is asked for nothing."""
    start = f"/accounts/sso/{IdentityProvider.objects.get().pk}/"
    home = erin.page.url.partition("/me/")[0]
    for address in EVIL:
        erin.page.goto(f"{start}?next={address}")
        expect(erin.page.locator("main")).to_be_visible()
        assert erin.page.url.startswith(f"{home}/"), erin.page.url


def stranger_is_refused(site: Site) -> None:
    mallory = Hands(site, None, WITHOUT_SCRIPTS)
    mallory.page.goto(f"/accounts/sso/{IdentityProvider.objects.get().pk}/")
    sign_in_there(mallory.page, "mallory-1")
    mallory.sees("You are not signed in", "the domain of m@evil.test is not verified for Acme here")
    mallory.done()


def tokens_of(cast: Cast, erin: User) -> dict[str, str]:
    """A device's, a key's and a connected app's, each with what it opens."""
    work = profile(cast.acme, groups=[cast.sales])
    _, app = connected_app(erin, client_of(cast.acme), work)
    return dict.fromkeys((device_token(cast.acme, erin), app.reveal()), "/mcp/acme/work")


def single_sign_on_is_required(alice: Hands, cast: Cast) -> None:
    alice.open("/settings/sign-in/")
    alice.tick("Require single sign-on")
    alice.choose("Person", "Alice (alice@acme.test)")
    alice.press("Save what is required")
    alice.sees("alice@acme.test has no second factor")
    add_app(cast.alice)
    alice.press("Save what is required")
    alice.sees("How people sign in is saved. The owners are told.")
    alice.look()


def by_password(site: Site, user: User) -> Hands:
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.PBKDF2PasswordHasher"]):
        user.set_password(OWN)
        user.save()
    hands = Hands(site, None, WITHOUT_SCRIPTS)
    hands.open("/accounts/login/")
    hands.write("E-mail address", user.email)
    hands.write("Password", OWN)
    hands.press("Sign in")
    return hands


def passwords_open_nothing(site: Site, cast: Cast) -> None:
    bob = by_password(site, cast.bob)
    bob.sees("Acme requires single sign-on: a password or passkey does not open it.", "Go on to Acme account")
    bob.page.goto("/me/")
    assert "/accounts/login/" in bob.page.url, "nobody is signed in"
    bob.done()


def owner_gets_in_without(site: Site, cast: Cast) -> None:
    person(cast.acme, "Olga", Role.OWNER)
    alice = by_password(site, cast.alice)
    alice.page.locator("main input[name=code]").fill(code_now())
    with alice.page.expect_navigation():
        alice.page.locator("main form button").first.click()
    alice.open("/settings/sign-in/")
    alice.sees("What is required")
    alice.done()
    assert "alice@acme.test" in Event.objects.get(code="signin.break_glass_used").sentence
    told = Notice.objects.filter(text__contains="without single sign-on, as the owner who may")
    assert {one.user.email for one in told} == {"alice@acme.test", "olga@acme.test"}


def everything_of_hers_ended(erin: Hands, tokens: dict[str, str], site: Site) -> None:
    for token, path in tokens.items():
        Client(Running(site.url), token, path).until(401)
    erin.page.goto("/me/devices/")
    assert "/accounts/login/" in erin.page.url
    assert "Acme account signed them out" in Event.objects.get(code="signin.clients_lapsed").sentence


def test_erin_comes_by_saml(site: Site, cast: Cast, tmp_path: Path) -> None:
    """The answer comes as a form from the provider's page, without our cookies; she still lands where she wanted."""
    verified(cast.acme)
    with identity_provider(tmp_path / "provider") as issuer:
        saml = saml_provider(cast, issuer.replace("127.0.0.1", "localhost"))  # another site, as in life
        erin = Hands(site, None, AT_A_DESK)
        erin.open(f"/accounts/sso/{saml.pk}/?next=/me/devices/%3Ffrom=mail")
        erin.page.locator("input[name=username]").fill("erin-1")
        erin.page.locator("input[name=password]").fill(PASSWORD)
        erin.page.locator("button[type=submit]").click()
        erin.page.wait_for_url("**/me/devices/?from=mail")
        assert AssertedIdentity.objects.get().source == "saml"
        erin.done()
