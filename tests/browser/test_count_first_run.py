"""From the set-up link to the first audited call of a real client, the shortest honest way, with each click counted.

docs/first-run.md tells the same steps. Prints what it took; the seconds are the machine's, so only clicks are judged.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from time import monotonic

import pytest
from playwright.sync_api import Browser

from tests.clients.node import INSPECTOR, node
from tests.ground.installation import Installation
from tests.servers.running import SdkServer
from tests.stage.desk import PASSWORD, Desk

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.clients]
MOST = 25
SECRET = "org-secret-of-the-first-run"
DOCUMENT = Path("docs/first-run.md")


class Counted(Desk):
    """Whatever a person presses, ticks, copies or types into counts as one; a choice from a list as two: it is opened
    first."""

    clicks = 0
    fields = 0

    def fill(self, **fields: str) -> None:
        self.fields += len(fields)
        super().fill(**fields)

    def type(self, label: str, text: str) -> None:
        self.fields += 1
        self.page.get_by_label(label, exact=True).fill(text)

    def choose(self, label: str, option: str) -> None:
        self.clicks += 2
        self.page.get_by_label(label, exact=True).select_option(label=option)

    def copy(self, label: str) -> str:
        """By the button of the block, so that what is run is what a person would paste."""
        self.clicks += 1
        block = self.page.locator("[data-copy]", has=self.page.get_by_label(label, exact=True))
        block.get_by_role("button", name="Copy", exact=True).click()
        block.get_by_role("button", name="Copied").wait_for()
        return str(self.page.evaluate("navigator.clipboard.readText()"))

    def press(self, button: str) -> None:
        self.clicks += 1
        super().press(button)

    def follow(self, link: str) -> None:
        self.clicks += 1
        super().follow(link)

    def tick(self, *labels: str) -> None:
        self.clicks += len(labels)
        super().tick(*labels)


def test_the_first_call_of_a_real_client_is_few_clicks_away(
    harriet: Installation, upstream: SdkServer, browser: Browser, tmp_path: Path
) -> None:
    alice, began = Counted(browser, harriet.url), monotonic()
    alice.context.grant_permissions(["clipboard-read", "clipboard-write"])
    become_the_owner(alice, harriet.setup_path())
    connect(alice, upstream.url)
    make_profile(alice)
    keep, call = choose_client(alice)
    assert "Good morning" in run_client(keep, call, tmp_path)
    alice.page.get_by_role("status").get_by_text("It works").wait_for()
    alice.follow("Audit")
    alice.finds("called echo on CRM")
    seconds = monotonic() - began
    print(f"\nFirst run: {alice.clicks} clicks and {alice.fields} fields in {seconds:.0f} seconds.")
    assert alice.clicks + alice.fields <= MOST
    assert f"{alice.clicks} clicks and {alice.fields} fields" in DOCUMENT.read_text()
    assert SECRET in upstream.log.read_text()
    alice.done()


def become_the_owner(alice: Counted, path: str) -> None:
    alice.page.goto(path)
    alice.fill(Organization="Acme", Your_name="Alice Example")
    alice.type("Your e-mail address", "alice@acme.test")
    alice.type("Password", PASSWORD)
    alice.press("Create the first account")


def connect(alice: Counted, url: str) -> None:
    alice.follow("New connector")
    alice.fill(Name="CRM")
    alice.press("Save and continue")
    alice.fill(Address_of_the_MCP_server=url)
    alice.tick("This server is inside our network")
    alice.press("Save, test and continue")
    alice.choose("Authentication", "Bearer token / API key")
    alice.fill(Secret=SECRET)
    alice.press("Save, test and continue")
    alice.press("Save and sync tools")
    alice.press("Review it myself and approve it")
    alice.look("first-run-ready")


def make_profile(alice: Counted) -> None:
    boxes = alice.page.get_by_role("checkbox", name=re.compile(r"^echo "))
    if not boxes.is_checked():
        alice.clicks += 1
        boxes.check()
    alice.press("Make the profile and connect a client")
    alice.look("first-run-connect")


def choose_client(alice: Counted) -> tuple[str, str]:
    """The command that keeps the credential, and the one that calls a tool, as they stand on the page."""
    alice.choose("Client", "MCP Inspector (command line)")
    alice.press("Issue a credential and show the steps")
    alice.look("first-run-connected")
    alice.page.get_by_text("Waiting for your first call").wait_for()
    keep = alice.copy("Keep the credential macOS and Linux")
    call = alice.copy("MCP Inspector (command line), step 3 macOS and Linux")
    alice.fields += 1  # in the terminal: which tool, and with what
    return keep, call.replace("NAME", "echo").replace("'{}'", """'{"text": "Good morning"}'""")


def run_client(keep: str, call: str, home: Path) -> str:
    """In a shell, as it was copied; the Inspector is the one that is installed for the tests."""
    fetched = "npx -y @modelcontextprotocol/inspector"
    assert call.startswith(fetched)
    script = f"{keep}\n{node()} {INSPECTOR}{call.removeprefix(fetched)}"
    env = {"PATH": f"{Path(node()).parent}:{os.defpath}", "HOME": str(home)}
    done = subprocess.run(["bash", "-c", script], cwd=home, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout
