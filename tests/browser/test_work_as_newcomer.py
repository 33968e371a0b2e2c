"""A new colleague where no mail leaves the house: invited, in, signed in again, locked out, helped back in."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from audit.models import Event
from harriet.people.models import Invitation, Membership, Notice, User
from tests.stage.cast import Cast
from tests.stage.hands import WAYS, Hands, Way
from tests.stage.site import Site

pytestmark = pytest.mark.browser
ADDRESS = "erin@acme.test"
FIRST, NEXT = "sunlight on the harbour wall", "a new path through the reeds"


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_a_new_colleague_without_mail(site: Site, cast: Cast, way: Way) -> None:
    alice, erin = Hands(site, cast.alice, way), Hands(site, None, way)
    link = is_invited(alice)
    comes_in(erin, link)
    corrects_her_name(erin)
    ends_the_session_that_she_forgot(erin, site, way)
    signs_out_and_forgets_the_password(erin)
    path = is_helped_back_in(alice)
    sets_a_new_password(erin, path)
    everybody_knows_what_happened(cast)
    for hands in (alice, erin):
        hands.done()


def is_invited(alice: Hands) -> str:
    alice.open("/")
    alice.go("People")
    alice.follow("Invite somebody")
    alice.write("E-mail address", ADDRESS)
    alice.tick("Sales")
    alice.press("Send the invitation")
    alice.sees("Harriet mails nothing: no mail server is set up.", "It is shown this once")
    alice.look()
    link = text_of(alice.page.get_by_label("The link of the invitation"))
    alice.page.reload()
    alice.sees("it can’t be shown again")
    assert Invitation.objects.count() == 1, "a reload makes no second one"
    return link


def comes_in(erin: Hands, link: str) -> None:
    erin.open(link)
    erin.sees("alice@acme.test invited you as Member")
    erin.look()
    erin.write("Your name", "Erin")
    erin.write("Password", FIRST)
    erin.press("Join")
    erin.sees("Welcome to Acme, Erin.")
    assert erin.page.url.endswith("/me/")
    erin.look()
    erin.refused(link)


def corrects_her_name(erin: Hands) -> None:
    erin.open("/settings/account/")
    erin.look()
    erin.write("Your name", "Erin Murphy")
    erin.press("Save name")
    erin.sees("Your name is saved.")
    assert User.objects.get(email=ADDRESS).name == "Erin Murphy"


def ends_the_session_that_she_forgot(erin: Hands, site: Site, way: Way) -> None:
    """She was at a colleague's computer and did not sign out."""
    there = Hands(site, None, way)
    signs_in(there, FIRST)
    there.sees("My AI")
    erin.open("/settings/account/")
    erin.sees("this browser", "Sign out everywhere else")
    erin.look()
    erin.press("Sign out everywhere else")
    erin.sees("You are signed in nowhere else.")
    there.open("/me/")
    expect(there.page.get_by_label("Password")).to_be_visible()
    there.done()


def signs_out_and_forgets_the_password(erin: Hands) -> None:
    erin.open("/accounts/logout/")
    erin.press("Sign out")
    signs_in(erin, "something else entirely")
    erin.sees("not correct")
    erin.look()
    erin.follow_like("Forgot")
    erin.sees("This Harriet sends no mail", "Ask an owner or an IT admin of your organization to help you back in")
    erin.look()


def is_helped_back_in(alice: Hands) -> str:
    """Two steps: what follows from it is read, and the address is typed."""
    alice.go("People")
    alice.open_row("Erin Murphy")
    alice.follow("They can’t sign in: help them back in")
    alice.sees("It works once, for two hours", "you have had the link in hand")
    alice.look()
    alice.write(f"Type {ADDRESS} to confirm", ADDRESS)
    alice.press("Make the link")
    alice.sees("It is shown this once")
    alice.look()
    return text_of(alice.page.get_by_label("Link to set a new password"))


def sets_a_new_password(erin: Hands, path: str) -> None:
    erin.open(path)
    erin.look()
    erin.write("Password", NEXT)
    erin.press("Save the new password")
    erin.sees("Your new password is saved. Sign in with it.")
    erin.refused(path)
    signs_in(erin, NEXT)
    erin.sees("My AI")


def everybody_knows_what_happened(cast: Cast) -> None:
    erin = Membership.objects.get(user__email=ADDRESS).user
    assert erin.vouched_by == cast.alice and not erin.is_proven
    assert Notice.objects.filter(user=erin, kind="sign_in").exists()
    codes = set(Event.objects.filter(organization_id=cast.acme.pk).values_list("code", flat=True))
    assert {"person.renamed", "signin.recovery_link_made", "signin.recovery_link_used"} <= codes


def signs_in(hands: Hands, password: str) -> None:
    hands.open("/accounts/login/")
    hands.write("E-mail address", ADDRESS)
    hands.write("Password", password)
    hands.press("Sign in")


def text_of(block: Locator) -> str:
    return (block.text_content() or "").strip()
