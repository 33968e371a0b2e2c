"""Dana allows an AI client in Chromium: the browser follows to the client, and to nobody else, also straight from the
page where she signs in; with scripts and without."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page

from tests.browser.test_meet_people_pages import PASSWORD, give_password
from tests.stage.cast import Cast
from tests.stage.signing_app import App, answer_in
from tests.stage.site import Site, press
from tests.stage.tools_by_risk import profile_by_risk

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def callback() -> Iterator[str]:
    """Where a client on this machine listens."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<title>The client</title>Connected.")

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/callback"
    server.shutdown()
    server.server_close()


def sign_in(page: Page, email: str) -> None:
    page.locator("[name=login]").fill(email)
    page.locator("[name=password]").fill(PASSWORD)
    press(page, "Sign in", exact=True)


@pytest.mark.parametrize("has_scripts", [True, False])
def test_dana_signs_in_allows_the_client_and_is_taken_back_to_it(
    site: Site, committed_cast: Cast, callback: str, has_scripts: bool
) -> None:
    profile_by_risk(committed_cast)
    give_password(committed_cast.dana)
    app = App(redirect_uri=callback)
    app.register()
    asked = app.asks(resource=f"{site.url}/mcp/acme/work")
    address = f"{site.url}/oauth/acme/authorize?{urlencode(asked)}"
    page = site.context(has_scripts=has_scripts).new_page()
    page.goto(address)
    sign_in(page, "dana@acme.test")
    page.get_by_text("a program on this computer").wait_for()
    page.get_by_label("Do dangerous things").uncheck()
    page.get_by_role("button", name="Allow", exact=True).click()
    page.wait_for_url(f"{callback}?*")
    assert {"code", "state", "iss"} == set(answer_in(page.url)) and page.title() == "The client"

    narrower = {**asked, "scope": "tools.read tools.write"}
    again = site.context(has_scripts=has_scripts).new_page()
    again.goto(f"{site.url}/oauth/acme/authorize?{urlencode(narrower)}")
    sign_in(again, "dana@acme.test")
    again.wait_for_url(f"{callback}?*")
    assert "code" in answer_in(again.url), "what she allowed before isn't asked again"


def test_dana_is_somebody_else_first(site: Site, committed_cast: Cast, callback: str) -> None:
    profile_by_risk(committed_cast)
    give_password(committed_cast.dana)
    app = App(redirect_uri=callback)
    app.register()
    asked = app.asks(resource=f"{site.url}/mcp/acme/work")
    page = site.page(committed_cast.bob)
    page.goto(f"{site.url}/oauth/acme/authorize?{urlencode(asked)}")
    page.get_by_text("who has no such profile").wait_for()
    page.get_by_role("button", name="Use another account").click()
    sign_in(page, "dana@acme.test")
    page.locator("dd").get_by_text("dana@acme.test").wait_for()
    page.get_by_role("button", name="Don’t allow").click()
    page.wait_for_url(f"{callback}?*")
    assert answer_in(page.url)["error"] == "access_denied"
