"""From the printed set-up link to the audit row of a colleague's first call: once through everything, in Chromium."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Browser

from tests.browser import sdk
from tests.ground.installation import Installation
from tests.servers.running import SdkServer
from tests.stage.desk import PASSWORD, Desk

pytestmark = [pytest.mark.browser, pytest.mark.processes]
SECRET = "org-secret-of-the-first-story"


def test_from_the_set_up_link_to_the_audit_row(harriet: Installation, upstream: SdkServer, browser: Browser) -> None:
    alice, dana = Desk(browser, harriet.url), Desk(browser, harriet.url)
    become_the_owner(alice, harriet.setup_path())
    connect_by_hand(alice, upstream.url)
    connect_the_sample(alice)
    make_group(alice)
    enable_two_tools(alice)
    join(dana, invite(alice))
    make_profile(alice)
    address, token = connect_laptop(dana)
    assert sdk.tools_of(address, token) == ["count", "echo"]
    assert sdk.call(address, token, "echo", {"text": "Good morning"}).text == "Good morning"
    see_the_tick(dana)
    read_the_log(alice)
    see_own_activity(dana)
    leaves_with_the_secret(upstream, token)
    for desk in (alice, dana):
        desk.done()


def become_the_owner(alice: Desk, path: str) -> None:
    alice.open(path)
    alice.fill(Organization="Acme", Your_name="Alice Example")
    alice.page.get_by_label("Your e-mail address").fill("alice@acme.test")
    alice.page.get_by_label("Password").fill(PASSWORD)
    alice.press("Create the first account")
    assert alice.page.url.endswith("/settings/")
    alice.open("/settings/")


def connect_by_hand(alice: Desk, url: str) -> None:
    """All four steps, with a first address that is wrong."""
    alice.open("/settings/integrations/")
    alice.follow("New connector")
    alice.look("wizard-basics")
    alice.fill(Name="CRM")
    alice.press("Save and continue")
    alice.look("wizard-connection")
    alice.fill(Address_of_the_MCP_server=url)
    alice.press("Test connection")
    alice.look("wizard-connection-refused")
    alice.sees("inside our network")
    alice.tick("This server is inside our network")
    alice.press("Test connection")
    alice.look("wizard-connection-found")
    alice.sees("sdk-fixture")
    alice.press("Save, test and continue")
    choose_authentication(alice)
    alice.look("wizard-access")
    alice.press("Save and sync tools")
    alice.press("Review it myself and approve it")
    alice.look("ready")
    assert "6 tools" in alice.text


def choose_authentication(alice: Desk) -> None:
    alice.look("wizard-authentication")
    alice.page.get_by_label("Authentication", exact=True).select_option(label="Bearer token / API key")
    alice.fill(Secret=SECRET)
    alice.press("Save and test")
    alice.look("wizard-authentication-tested")
    assert SECRET not in alice.page.content()
    alice.press("Save, test and continue")


def connect_the_sample(alice: Desk) -> None:
    alice.open("/settings/integrations/new/")
    alice.press("Connect the sample server")
    alice.look("sample-ready")
    alice.open("/settings/integrations/")
    assert "Sample server" in alice.text


def make_group(alice: Desk) -> None:
    alice.open("/settings/groups/")
    alice.follow("New group")
    alice.open("/settings/groups/new/")
    alice.fill(Name="Sales")
    alice.press("Create group")
    alice.look("group")


def enable_two_tools(alice: Desk) -> None:
    alice.page.goto("/settings/integrations/")
    alice.page.get_by_role("link", name="CRM", exact=True).first.click()
    alice.follow("Open the page")
    alice.open(alice.page.url)
    tick_two(alice)
    alice.page.get_by_text("Who may call them").click()
    alice.tick("Sales")
    alice.look("tools-bulk")
    alice.press("Look at the change")
    confirm(alice)
    tick_two(alice)
    alice.press("Enable")
    confirm(alice)
    alice.look("tools-enabled")
    assert "2 of 6 tools enabled, resources disabled" in alice.text
    alice.press("Test connection")
    alice.look("connection-tested")


def confirm(alice: Desk) -> None:
    """On the page that says what will change: all of it."""
    for box in alice.page.locator("main input[type=checkbox][name]").all():
        box.check()
    with alice.page.expect_navigation():
        alice.page.locator("button[name=which]").last.click()


def tick_two(alice: Desk) -> None:
    alice.tick("Tick echo", "Tick count")


def invite(alice: Desk) -> str:
    alice.open("/settings/people/")
    alice.open("/settings/people/invite/")
    alice.fill(**{"E-mail_address": "dana@acme.test"})
    alice.tick("Sales")
    alice.press("Send the invitation")
    alice.look("invited")
    return alice.page.locator("pre.code").inner_text().strip()


def join(dana: Desk, link: str) -> None:
    dana.open(link)
    dana.fill(Your_name="Dana Example")
    dana.page.get_by_label("Password").fill(PASSWORD)
    dana.press("Join")
    dana.look("joined")


def make_profile(alice: Desk) -> None:
    alice.open("/settings/profiles/")
    alice.open("/settings/profiles/new/")
    alice.fill(Name="Work")
    alice.tick("Sales")
    alice.page.get_by_role("checkbox", name="CRM", exact=True).check()
    alice.press("Create profile")
    alice.open(alice.page.url)
    assert "2 of 6 tools" in alice.text


def connect_laptop(dana: Desk) -> tuple[str, str]:
    """Gives the address and the token as they stand in what is copied."""
    for path in ("/me/", "/me/devices/"):
        dana.open(path)
    dana.fill(Name="Work laptop")
    dana.press("Register")
    dana.look("registered")
    dana.follow("Connect a client on it")
    dana.open(dana.page.url)
    dana.page.get_by_label("Client", exact=True).select_option(label="Claude Desktop")
    dana.press("Issue a credential and show the steps")
    dana.look("connected")
    dana.page.get_by_text("Waiting for your first call").wait_for()
    text = dana.page.get_by_label("Claude Desktop, step 2").inner_text()
    (server,) = json.loads(text)["mcpServers"].values()
    return server["args"][2], server["env"]["AUTHORIZATION"].removeprefix("Bearer ")


def see_the_tick(dana: Desk) -> None:
    dana.page.get_by_role("status").get_by_text("It works").wait_for()
    dana.look("arrived")
    assert "hrt_dev_" not in dana.page.url


def read_the_log(alice: Desk) -> None:
    alice.open("/settings/audit/")
    alice.finds(r"dana@acme\.test with mcp [\d.]+ on Work laptop called echo on CRM\.")
    for path in ("/settings/", "/settings/devices/", "/settings/vault/"):
        alice.open(path)


def see_own_activity(dana: Desk) -> None:
    dana.open("/me/activity/")
    dana.finds("echo")
    dana.open("/me/")
    dana.page.goto("/settings/audit/")
    assert "hrt_dev_" not in dana.page.content()


def leaves_with_the_secret(upstream: SdkServer, token: str) -> None:
    log = upstream.log.read_text()
    assert SECRET in log
    assert token not in log
