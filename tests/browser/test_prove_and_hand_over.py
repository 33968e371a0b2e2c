"""The pages of accounts that are not proved, invitations to who is known, and credentials that wait, in Chromium."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from harriet.people.actions.accept_invitation import accept_invitation
from harriet.people.actions.bring_person import bring_person
from harriet.people.actions.invite_person import invite_person
from harriet.people.actions.offer_device_credential import offer_device_credential
from harriet.people.actions.register_device import register_device
from harriet.people.models import CredentialOffer, Membership, User
from harriet.people.queries import offer_path
from tests.stage.cast import Cast
from tests.stage.held_calls import hold, make_mailing
from tests.stage.site import Site, press
from tests.stage.visit import visit

pytestmark = pytest.mark.browser
PICTURES = os.environ.get("HARRIET_TEST_PICTURES", "")


def look(page: Page, path: str, name: str) -> None:
    visit(page, path)
    for width in (1440, 360) if PICTURES else ():
        page.set_viewport_size({"width": width, "height": 900})
        page.screenshot(path=Path(PICTURES) / f"{name}-{width}.png", full_page=True)


def joined_by_hand(cast: Cast) -> User:
    invitation, _ = invite_person(
        cast.acme, "erin.with.a.long.name@example.test", "member", actor=cast.actor(cast.alice)
    )
    return accept_invitation(invitation, name="Erin", password="sunlight on the harbour wall").user


def test_an_account_that_is_not_proved(site: Site, cast: Cast) -> None:
    erin = joined_by_hand(cast)
    bring_person(cast.globex, erin.email, "mcp_admin", actor=cast.actor(cast.charlie))
    look(site.page(cast.alice), f"/settings/people/{Membership.objects.get(user=erin).pk}/", "person")
    page = site.page(erin)
    look(page, "/choose-organization/", "choose-unproven")
    expect(page.get_by_role("button", name="Write the link into a file")).to_be_visible()
    expect(page.get_by_role("button", name="Mail me the link"), "no mail leaves this installation").to_have_count(0)
    page.get_by_role("button", name="Write the link into a file").click()
    page.wait_for_url("**/password/reset/done/")
    page.get_by_text("This Harriet sends no mail").wait_for()
    action = hold(make_mailing(cast).call(user=erin))
    look(site.page(cast.alice), action.ticket_path, "ticket-not-yours")


def test_charlie_is_asked_and_joins(site: Site, cast: Cast) -> None:
    bring_person(cast.acme, cast.charlie.email, "member", actor=cast.actor(cast.alice))
    page = site.page(cast.charlie)
    look(page, "/me/", "home-asked")
    look(page, "/choose-organization/", "choose-asked")
    page.get_by_role("button", name="Join").click()
    page.get_by_text("You joined Acme").wait_for()


def test_alice_hands_over_a_link(site: Site, cast: Cast) -> None:
    page = site.page(cast.alice)
    look(page, "/settings/people/invite/", "invite")
    page.get_by_label("E-mail address").fill("eve@acme.test")
    page.get_by_role("button", name="Send the invitation").click()
    page.get_by_text("Because you have seen it").wait_for()
    look(page, "/settings/organization/", "organization")


def test_dana_takes_the_credential_that_alice_prepared(site: Site, cast: Cast) -> None:
    device = register_device(cast.acme, cast.dana, "Dana’s laptop", actor=cast.actor(cast.dana))
    offer_device_credential(device, name="Claude", expires_in_days=90, actor=cast.actor(cast.alice))
    page, path = site.page(cast.dana), offer_path(CredentialOffer.objects.get().pk)
    look(page, "/me/devices/", "devices-offer")
    look(page, path, "offered")
    press(page, "Take the credential")
    page.get_by_text("hrt_dev_").first.wait_for()
    expect(page.locator("body")).to_contain_text("shown this once, to you alone", use_inner_text=True)
    visit(page, path, expect=404)
