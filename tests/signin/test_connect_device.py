"""A client without a browser shows a code; Dana types it elsewhere and says yes (RFC 8628)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db.models import F
from django.test import Client

from harriet.people.models import User
from harriet.signin.models import ConnectedApp, DeviceCode
from harriet.signin.protocol.client_metadata import DEVICE_GRANT
from tests.stage.cast import Cast
from tests.stage.signing_app import App, resource, says, ticked_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def app(acme: Cast) -> App:
    cache.clear()
    made = App()
    made.register(grant_types=["authorization_code", "refresh_token", DEVICE_GRANT])
    return made


def begin(app: App, **changed: Any) -> dict[str, Any]:
    answer = app.post("device_authorization", {"client_id": app.client_id, "resource": resource()} | changed)
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def poll(app: App, code: str) -> Any:
    """Not too early."""
    DeviceCode.objects.update(last_checked=F("last_checked") - timedelta(seconds=60))
    return app.token(grant_type=DEVICE_GRANT, device_code=code)


def type_code(person: User, typed: str, decision: str = "") -> Any:
    browser = Client()
    browser.force_login(person)
    page = browser.post("/oauth/acme/device", {"user_code": typed})
    if not decision or page.status_code != 200:
        return page
    form = {"user_code": typed, "decision": decision, "scope": ticked_in(page.content.decode())}
    return browser.post("/oauth/acme/device", form)


def test_dana_connects_a_client_by_its_code(app: App, acme: Cast) -> None:
    given = begin(app)
    assert given["verification_uri"].endswith("/oauth/acme/device") and given["expires_in"] == 900
    assert poll(app, given["device_code"]).json()["error"] == "authorization_pending"
    page = type_code(acme.dana, given["user_code"].lower().replace("-", " "))
    assert says(page, "Claude Code") and says(page, "on a device that you have in front of you")
    assert says(type_code(acme.dana, given["user_code"], "allow"), "The client is connected")
    tokens = poll(app, given["device_code"])
    assert tokens.status_code == 200 and tokens.json()["scope"] == "tools.read tools.write tools.dangerous"
    assert poll(app, given["device_code"]).json()["error"] in {"expired_token", "invalid_grant"}, "once"
    assert app.refresh(tokens.json()["refresh_token"]).status_code == 200
    assert ConnectedApp.objects.get().user == acme.dana


def test_dana_says_no(app: App, acme: Cast) -> None:
    given = begin(app)
    assert says(type_code(acme.dana, given["user_code"], "refuse"), "Nothing was connected")
    assert poll(app, given["device_code"]).json()["error"] == "access_denied" and not ConnectedApp.objects.exists()


def test_an_address_with_the_code_in_it_only_fills_it_in(app: App, acme: Cast) -> None:
    given = begin(app)
    browser = Client()
    assert browser.get("/oauth/acme/device").status_code == 302, "who is signed out signs in first"
    browser.force_login(acme.dana)
    page = browser.get(given["verification_uri_complete"].removeprefix(settings.BASE_URL))
    assert says(page, given["user_code"]) and not says(page, "Claude Code")


def test_a_client_that_asks_too_often_is_slowed(app: App, acme: Cast) -> None:
    code = begin(app)["device_code"]
    first, second = (app.token(grant_type=DEVICE_GRANT, device_code=code).json()["error"] for _ in range(2))
    assert (first, second) == ("authorization_pending", "slow_down")


def test_an_old_code_is_nobodys(app: App, acme: Cast) -> None:
    given = begin(app)
    DeviceCode.objects.update(expires=F("expires") - timedelta(minutes=16))
    assert says(type_code(acme.dana, given["user_code"]), "is not right, was used, or is older than 15 minutes")
    assert poll(app, given["device_code"]).json()["error"] == "expired_token"


def test_who_guesses_codes_is_stopped_and_nobody_else_is(app: App, acme: Cast) -> None:
    given = begin(app)
    pages = [type_code(acme.bob, f"BCDF-GHJ{letter}") for letter in "BCDFGHJKLMNP"]
    assert says(pages[0], "is not right") and says(pages[-1], "Too many codes were tried")
    assert says(type_code(acme.dana, given["user_code"]), "Claude Code")


def test_a_code_is_for_its_organization_its_client_and_who_has_the_profile(app: App, acme: Cast) -> None:
    given, thief = begin(app), App()
    thief.register(grant_types=[DEVICE_GRANT], redirect_uris=[])
    assert type_code(acme.charlie, given["user_code"]).status_code == 404
    assert says(type_code(acme.bob, given["user_code"]), "has no such profile")
    assert poll(thief, given["device_code"]).json()["error"] == "invalid_grant"


def test_what_is_wrong_with_the_request_is_told(app: App, acme: Cast) -> None:
    plain = App()
    plain.register()
    for client, changed, code in (
        (plain, {}, "unauthorized_client"),
        (app, {"client_id": "nobody"}, "invalid_client"),
        (app, {"client_id": None, "scope": "tools.read"}, "invalid_client"),
        (app, {"resource": "https://elsewhere.example/"}, "invalid_target"),
        (app, {"resource": [resource(), resource("x")]}, "invalid_request"),
        (app, {"scope": "everything"}, "invalid_scope"),
    ):
        answer = client.post("device_authorization", {"client_id": client.client_id} | changed)
        assert answer.json()["error"] == code, (changed, answer.content)
