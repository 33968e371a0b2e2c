"""Bob decides on his phone, in Chromium, while the Python SDK's client of Dana waits, gives up, or loses its server."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from itertools import count
from typing import Any

import psutil
import psycopg
import pytest
from playwright.sync_api import Browser

from tests.browser import sdk
from tests.ground.installation import Installation, wait_until, with_tables
from tests.servers.running import SdkServer, sdk_server
from tests.stage.clients import Client
from tests.stage.desk import PASSWORD, Desk
from tests.stage.hands import BY_KEYBOARD, Hands
from tests.stage.processes import Running
from tests.stage.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.processes]
LONG, SHORT = 200, 1
MANY = 20
HOLD = """
UPDATE people_organization SET hold_seconds = %s;
UPDATE connectors_profile SET slug = %s;
UPDATE people_organizationversion SET number = number + 1;
SELECT pg_notify('harriet_version', id::text) FROM people_organization;
"""
GIVE_PASSWORD = """
from harriet.people.models import User
for email in ("bob@acme.test", "eve@acme.test", "alice@acme.test"):
    person = User.objects.get(email=email)
    person.set_password(input())
    person.save()
"""


class Office:
    """Acme as a set-up file makes it: Dana's laptop, Bob's phone, and a CRM whose `echo` requires confirmation."""

    def __init__(self, harriet: Installation, upstream: SdkServer) -> None:
        self.harriet, self.upstream = harriet, upstream
        self.profile, self._turns = "work", count(1)
        self.signed_in: dict[str, Any] = {}
        """What the browser of each person keeps, once they have signed in."""
        (harriet.run.parent / "acme.json").write_text(json.dumps(set_up_file(upstream.url)))
        self._command("apply", "acme.json")
        self.token = self._command(
            *("issue_token", "--organization", "acme", "--person", "dana@acme.test"),
            *("--profile", "work", "--device", "Dana’s laptop"),
        )
        self._command("shell", "--no-imports", "-c", GIVE_PASSWORD.replace("input()", repr(PASSWORD)))

    def ask(self, text: str) -> sdk.Asked:
        return sdk.call(f"{self.harriet.url}/mcp/acme/{self.profile}", self.token, "echo", {"text": text})

    def hold_for(self, seconds: int) -> None:
        """Under another address each time: a process that knows it knows how long to hold, too."""
        self.profile = f"work-{next(self._turns)}"
        given = [[seconds], [self.profile], None, None]
        with psycopg.connect(self.harriet.addresses["database_owner_url"]) as connection:
            for statement, values in zip(HOLD.strip().split("\n"), given, strict=True):
                connection.execute(statement, values)
        client = Client(Running(self.harriet.url), self.token, f"/mcp/acme/{self.profile}")
        # Several processes answer, whichever is free.
        wait_until(lambda: all(client.request("ping").status == 200 for _ in range(MANY)))

    def ticket_of(self, number: int, *states: str) -> None:
        """Waits until the ticket is in one of the states."""
        query = "SELECT state FROM approvals_pendingaction a JOIN approvals_ticket t ON t.id = a.ticket_id"
        wait_until(lambda: self.query(f"{query} WHERE t.number = %s", number) in [[(state,)] for state in states])

    def path_of_what_waits(self) -> str:
        """Of the ticket of the only call that waits, once it does."""
        query = "SELECT t.number FROM approvals_ticket t JOIN approvals_pendingaction a ON a.ticket_id = t.id"
        wait_until(lambda: self.query(f"{query} WHERE a.state = 'waiting'"))
        ((number,),) = self.query(f"{query} WHERE a.state = 'waiting'")
        return f"/tickets/{number}/"

    def query(self, statement: str, *values: Any) -> list[Any]:
        with psycopg.connect(self.harriet.addresses["database_owner_url"], autocommit=True) as connection:
            cursor = connection.execute(statement, values or None)
            return list(cursor.fetchall()) if cursor.description else []

    def times_called(self, text: str) -> int:
        return sum(entry.get("event") == text for entry in self.upstream.entries() if entry.get("tool") == "echo")

    def _command(self, *arguments: str) -> str:
        done = self.harriet.command(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()


def set_up_file(url: str) -> dict[str, Any]:
    return {
        "organization": {"slug": "acme", "name": "Acme"},
        "groups": ["sales"],
        "people": [
            {"email": "dana@acme.test", "role": "member", "groups": ["sales"]},
            {"email": "bob@acme.test", "role": "approver"},
            {"email": "eve@acme.test", "role": "approver"},
            {"email": "alice@acme.test", "role": "mcp_admin"},
        ],
        "connectors": [
            {
                "slug": "crm",
                "name": "CRM",
                "kind": "native",
                "url": url,
                "allow_internal": True,
                "authentication": {"type": "bearer", "secret": {"env": "CRM_TOKEN"}},
                "tools": {
                    "*": {"enabled": True, "groups": ["sales"], "risk": "read_only"},
                    "echo": {"requires_confirmation": True},
                },
            }
        ],
        "profiles": [{"slug": "work", "name": "Work", "groups": ["sales"], "connectors": ["crm"], "prefix": False}],
    }


@pytest.fixture(scope="module")
def office(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("held call")
    harriet = Installation(with_tables(folder / "run"), env={"CRM_TOKEN": "org-secret-of-the-held-call"})
    try:
        harriet.start()
        with sdk_server(folder) as upstream:
            yield Office(harriet, upstream)
    finally:
        harriet.clean_up()


@pytest.fixture
def bob(office: Office, browser: Browser) -> Iterator[Desk]:
    """Signed in on his phone."""
    desk = desk_of("bob", office, browser)
    yield desk
    desk.done()


def desk_of(name: str, office: Office, browser: Browser) -> Desk:
    desk = Desk(browser, office.harriet.url, width=360)
    if name in office.signed_in:
        desk.context.add_cookies(office.signed_in[name])
        desk.page.goto("/tickets/")
        return desk
    desk.page.goto("/accounts/login/?next=/tickets/")
    desk.page.get_by_label("E-mail address").fill(f"{name}@acme.test")
    desk.page.get_by_label("Password").fill(PASSWORD)
    desk.press("Sign in")
    office.signed_in[name] = desk.context.cookies()
    return desk


def test_approved_while_the_client_waits(office: Office, bob: Desk) -> None:
    office.hold_for(LONG)
    asked = office.ask("please")
    office.ticket_of(1, "waiting")
    bob.open("/tickets/")
    bob.open("/tickets/1/")
    fits_one_screen(bob)
    assert office.times_called("please") == 0
    bob.press("Approve and run")
    assert asked.text == "please"
    assert any("Waiting for approval on ticket #1" in told for told in asked.progress)
    assert office.times_called("please") == 1
    bob.open("/tickets/1/")
    bob.sees("Approved by")


def fits_one_screen(bob: Desk) -> None:
    """What is asked and both buttons are in sight without scrolling."""
    bottom = bob.page.viewport_size["height"]  # type: ignore[index]
    for name in ("Approve and run", "Reject"):
        box = bob.page.get_by_role("button", name=name, exact=True).bounding_box()
        assert box and box["y"] >= 0 and box["y"] + box["height"] <= bottom


def test_rejected_with_a_reason_that_reaches_the_client(office: Office, bob: Desk) -> None:
    office.hold_for(LONG)
    asked = office.ask("no")
    office.ticket_of(2, "waiting")
    bob.page.goto("/tickets/2/")
    bob.press("Reject")
    bob.look("reject-without-reason")
    bob.sees("Say why")
    bob.page.get_by_label("Reason").fill("Not on a Friday.")
    bob.press("Reject")
    bob.look("rejected")
    assert asked.result.is_error
    assert "was rejected (ticket #2): Not on a Friday." in asked.text
    assert office.times_called("no") == 0


def test_the_web_process_is_killed_while_it_holds(office: Office, bob: Desk) -> None:
    """A worker runs the approved call; the same call, repeated, collects what it answered."""
    office.hold_for(LONG)
    lost = office.ask("survives")
    office.ticket_of(3, "waiting")
    bob.page.goto("about:blank")  # a page that is open says in the console when no answer comes
    kill_web(office.harriet)
    assert lost.failure() is not None
    wait_until(lambda: office.harriet.status() == 200)
    bob.page.goto("/tickets/3/")
    bob.press("Approve and run")
    office.ticket_of(3, "done")
    assert office.ask("survives").text == "survives"
    assert office.times_called("survives") == 1


def kill_web(harriet: Installation) -> None:
    master = harriet.child("gunicorn")
    for process in [master, *master.children(recursive=True)]:
        try:
            os.kill(process.pid, signal.SIGKILL)
        except (ProcessLookupError, psutil.NoSuchProcess):
            continue


def test_approved_later_and_collected_once(office: Office, bob: Desk) -> None:
    office.hold_for(SHORT)
    told = office.ask("later").text
    assert "waits for approval: ticket #4" in told
    assert f"{office.harriet.url}/tickets/4/" in told
    bob.page.goto("/tickets/4/")
    bob.press("Approve and run")
    office.ticket_of(4, "done")
    bob.open("/tickets/4/")
    assert office.ask("later").text == "later"
    assert "ticket #5" in office.ask("later").text
    assert office.times_called("later") == 1


def test_expired_without_a_decision(office: Office, bob: Desk) -> None:
    office.hold_for(SHORT)
    assert "ticket #6" in office.ask("too late").text
    office.query("UPDATE approvals_pendingaction SET expires_at = now() WHERE state = 'waiting'")
    office.ticket_of(6, "expired")
    bob.open("/tickets/6/")
    assert "Nobody decided on it in time." in bob.text
    assert bob.page.get_by_role("button", name="Approve and run").count() == 0
    assert "expired without a decision (ticket #6)" in office.ask("too late").text
    assert office.times_called("too late") == 0
    bob.open("/tickets/?show=all")
    office.ticket_of(5, "expired")
    bob.open("/settings/inbox/")
    assert "asks to run CRM: echo" in bob.text
    assert "New" not in bob.text


def test_changed_by_one_approved_by_a_second_while_the_client_waits(
    office: Office, bob: Desk, browser: Browser
) -> None:
    """Bob corrects what it sends; Eve, who has the ticket open, sees that, and approves what is sent now."""
    office.query("UPDATE connectors_connector SET deciders = 'two_people'")
    office.hold_for(LONG)
    asked = office.ask("hello wrold")
    path = office.path_of_what_waits()
    eve = desk_of("eve", office, browser)
    eve.page.goto(path)
    bob.page.goto(path)
    bob.follow("Change what it sends")
    bob.fill(text="hello world", Why="A letter was wrong.")
    bob.press("Show what differs")
    bob.look("what differs")
    bob.sees("hello wrold")
    assert office.times_called("hello world") == 0
    bob.press("Approve it like this")
    bob.sees("1 of 2 have approved")
    eve.sees("changed what it sends")
    eve.sees("hello world")
    eve.press("Approve and run")
    assert "hello world" in str(asked.result.content) and "A letter was wrong." in str(asked.result.content)
    assert (office.times_called("hello wrold"), office.times_called("hello world")) == (0, 1)
    eve.done()


def by_keyboard(name: str, office: Office, browser: Browser) -> Hands:
    """Signed in on a phone, without a finger on the glass."""
    hands = Hands(Site(office.harriet.url, browser), None, BY_KEYBOARD)
    hands.open("/accounts/login/?next=/tickets/")
    hands.write("E-mail address", f"{name}@acme.test")
    hands.write("Password", PASSWORD)
    hands.press("Sign in")
    return hands


def test_approved_by_keyboard_alone_while_the_client_waits(office: Office, browser: Browser) -> None:
    office.query("UPDATE connectors_connector SET deciders = 'approvers'")
    office.hold_for(LONG)
    asked = office.ask("by keys")
    path = office.path_of_what_waits()
    bob = by_keyboard("bob", office, browser)
    bob.follow(f"#{path.split('/')[2]}")
    bob.look()
    bob.press("Approve and run")
    assert asked.text == "by keys"
    bob.sees("Approved by")
    bob.look()
    assert office.times_called("by keys") == 1
    bob.done()


def test_withdrawn_by_an_admin_while_the_client_waits(office: Office, browser: Browser) -> None:
    """By keyboard, too. The client hears by whom, Dana finds it in her inbox, and nothing has run."""
    office.hold_for(LONG)
    asked = office.ask("never mind")
    path = office.path_of_what_waits()
    alice = by_keyboard("alice", office, browser)
    alice.open(path)
    alice.look()
    alice.press("Withdraw the call")
    alice.sees("Withdrawn. The call has not run, and their client is told so.")
    alice.look()
    assert asked.result.is_error
    assert f"was withdrawn (ticket #{path.split('/')[2]}): alice" in asked.text and "has not run" in asked.text
    told = "SELECT u.email FROM people_notice n JOIN people_user u ON u.id = n.user_id WHERE n.text LIKE %s"
    assert office.query(told, "%was withdrawn by alice%") == [("dana@acme.test",)]
    assert office.times_called("never mind") == 0
    alice.done()
