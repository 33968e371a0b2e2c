"""A new owner: from a Harriet that nobody owns to the first audited call, by mouse, by keyboard alone, without scripts.

The clicks are counted in test_count_first_run.py, with a real client before a Harriet that was started by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from audit.actor import SYSTEM
from harriet.people.actions.make_setup_link import make_setup_link
from harriet.people.models import Membership
from tests.browser import sdk
from tests.servers.moody import Server
from tests.stage.hands import WAYS, Hands, Way
from tests.stage.site import Site

pytestmark = pytest.mark.browser
SECRET = "org-secret-of-the-new-owner"
PASSWORD = "sunlight on the harbour wall"
MOST_LOOKS = 100


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    running.token = SECRET
    yield running
    running.stop()


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_a_new_owner(site: Site, server: Server, way: Way) -> None:
    alice = Hands(site, None, way)
    is_told_where_the_link_is(alice)
    becomes_the_owner(alice)
    connects_a_server(alice, server)
    makes_a_profile(alice)
    address, token = connects_a_client(alice)
    assert "Good morning" in sdk.call(address, token, "list_contacts", {"text": "Good morning"}).text
    sees_that_it_works(alice)
    finds_it_in_the_log(alice)
    alice.done()


def is_told_where_the_link_is(alice: Hands) -> None:
    alice.open("/")
    alice.sees("The link was printed where Harriet was started")
    alice.look()


def becomes_the_owner(alice: Hands) -> None:
    alice.open(f"/setup/{make_setup_link(actor=SYSTEM).reveal()}/")
    alice.look()
    alice.write("Organization", "Acme")
    alice.write("Your name", "Alice")
    alice.write("Your e-mail address", "alice@acme.test")
    alice.write("Password", PASSWORD)
    alice.press("Create the first account")
    alice.sees("Set up Harriet", "Welcome to Acme, Alice.")
    assert Membership.objects.get().role == "owner"


def connects_a_server(alice: Hands, server: Server) -> None:
    """Each step says what is wrong with what was given, and what is next."""
    alice.follow("New connector")
    alice.write("Name", "CRM")
    alice.press("Save and continue")
    alice.write("Address of the MCP server", server.url)
    alice.press("Save, test and continue")
    alice.sees("inside our network")
    alice.look()
    alice.tick("This server is inside our network")
    alice.press("Save, test and continue")
    alice.sees("Next: who may call the tools.")
    alice.choose("Authentication", "Bearer token / API key")
    alice.write("Secret", "mistyped-1234567")
    alice.press("Save and test")
    alice.sees("401")
    alice.look()
    alice.write("Secret", SECRET)
    alice.press("Save, test and continue")
    alice.look()
    alice.press("Save and sync tools")
    alice.press("Review it myself and approve it")
    alice.sees("list_contacts")
    alice.look()


def makes_a_profile(alice: Hands) -> None:
    """What only reads is ticked; what may destroy is not."""
    boxes = alice.page.locator("main")
    expect(boxes.get_by_role("checkbox", name="list_contacts")).to_be_checked()
    expect(boxes.get_by_role("checkbox", name="delete_all")).not_to_be_checked()
    alice.press("Make the profile and connect a client")
    alice.look()


def connects_a_client(alice: Hands) -> tuple[str, str]:
    alice.choose("Client", "Claude Desktop")
    alice.press("Issue a credential and show the steps")
    alice.sees("Waiting for your first call")
    alice.look()
    text = alice.page.get_by_label("Claude Desktop, step 2").inner_text()
    (entry,) = json.loads(text)["mcpServers"].values()
    return entry["args"][2], entry["env"]["AUTHORIZATION"].removeprefix("Bearer ")


def sees_that_it_works(alice: Hands) -> None:
    """By itself; without scripts, by looking again: when a credential was used is noted within a second or two."""
    works = alice.page.locator("main").get_by_text("It works", exact=True)
    for _ in range(0 if alice.way.has_scripts else MOST_LOOKS):
        if works.count():
            break
        alice.follow("look again")
    expect(works).to_be_visible()


def finds_it_in_the_log(alice: Hands) -> None:
    alice.go("Audit")
    alice.sees("called list_contacts on CRM")
    alice.look()
