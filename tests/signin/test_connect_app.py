"""Dana connects an AI client: she signs in, reads what it asks for, says yes; it gets tokens for one profile."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client

from audit.models import Event
from harriet.people.models import AccessToken, Device, OrganizationVersion
from harriet.people.tokens import hash_token
from harriet.signin.models import Application, AuthorizationCode, ConnectedApp, IssuedToken, RefreshToken
from tests.stage.cast import Cast
from tests.stage.profiles import profile
from tests.stage.signing_app import REDIRECT, App, answer_in, resource, says

pytestmark = pytest.mark.django_db


def test_dana_connects_a_client_and_it_gets_tokens_for_one_profile(acme: Cast) -> None:
    app = App()
    app.register()
    number = OrganizationVersion.objects.get(organization=acme.acme).number
    back = app.sent_back(acme.dana)
    assert (
        back["state"] == "st4te"
        and back["iss"] == f"{settings.BASE_URL}/oauth/acme"
        and set(back)
        == {
            "code",
            "state",
            "iss",
        }
    )
    answer = app.exchange(back["code"])
    assert answer.status_code == 200 and "no-store" in answer["Cache-Control"]
    tokens = answer.json()
    assert tokens["token_type"] == "Bearer" and tokens["access_token"].startswith("hrt_app_")
    assert tokens["scope"] == "tools.read tools.write tools.dangerous" and 3590 <= tokens["expires_in"] <= 3600
    opening = AccessToken.objects.get(token_hash=hash_token(tokens["access_token"]))
    connected = ConnectedApp.objects.get()
    assert (opening.kind, opening.user, opening.profile_id) == ("oauth", acme.dana, connected.profile_id)
    assert opening.device == connected.device and Device.objects.get().kind == "app"
    assert OrganizationVersion.objects.get(organization=acme.acme).number == number, "nobody has to compile for it"
    assert Event.objects.filter(code="app.connected").count() == 1


def test_only_hashes_are_kept(acme: Cast) -> None:
    app = App()
    app.register()
    code = app.sent_back(acme.dana)["code"]
    tokens = app.exchange(code).json()
    kept = [
        *AuthorizationCode.objects.values_list("code"),
        *IssuedToken.objects.values_list("token", "token_checksum"),
        *RefreshToken.objects.values_list("token", "token_checksum"),
        *AccessToken.objects.values_list("token_hash", "hint"),
        *Event.objects.values_list("body"),
    ]
    said = repr([bytes(one) if isinstance(one, memoryview) else one for row in kept for one in row])
    assert not any(secret in said for secret in (code, tokens["access_token"], tokens["refresh_token"]))


def test_the_page_says_in_plain_words_who_asks_for_what(acme: Cast) -> None:
    app = App()
    app.register()
    page = app.visit(acme.dana, "")
    for words in ("Claude Code", "dana@acme.test", "a program on this computer", "find", "wipe", "named itself"):
        assert says(page, words), words
    assert "form-action 'self' http://127.0.0.1:33418" in page["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in page["Content-Security-Policy"] and page["X-Frame-Options"] == "DENY"
    assert "no-store" in page["Cache-Control"]


def test_dana_leaves_the_dangerous_tools_out(acme: Cast) -> None:
    app = App()
    tokens = app.sign_in(acme.dana, ticked=["tools.read"])
    assert tokens["scope"] == "tools.read"
    tokens = app.refresh(tokens["refresh_token"]).json()
    assert tokens["scope"] == "tools.read"
    wider = app.refresh(tokens["refresh_token"], scope="tools.read tools.dangerous")
    assert (wider.status_code, wider.json()["error"]) == (400, "invalid_scope")


def test_dana_ticks_nothing_and_is_told(acme: Cast) -> None:
    app = App()
    app.register()
    page = app.visit(acme.dana, ticked=[])
    assert page.status_code == 400 and says(page, "Tick at least one thing") and not ConnectedApp.objects.exists()


def test_dana_says_no(acme: Cast) -> None:
    app = App()
    app.register()
    back = app.sent_back(acme.dana, "refuse")
    assert (back["error"], back["state"]) == ("access_denied", "st4te") and back["iss"].endswith("/oauth/acme")
    assert not ConnectedApp.objects.exists() and Event.objects.filter(code="app.refused").exists()


def test_what_was_allowed_is_not_asked_again_but_more_is(acme: Cast) -> None:
    app = App()
    app.sign_in(acme.dana, ticked=["tools.read", "tools.write"])
    assert app.visit(acme.dana, scope="tools.read").status_code == 302
    other_port = app.visit(acme.dana, scope="tools.read", redirect_uri="http://127.0.0.1:5/callback")
    assert other_port.status_code == 302 and other_port["Location"].startswith("http://127.0.0.1:5/callback?code=")
    assert app.visit(acme.dana, "", scope="tools.read tools.dangerous").status_code == 200
    assert app.visit(acme.dana, "", scope="tools.read", prompt="consent").status_code == 200
    assert app.visit(acme.bob, "", scope="tools.read").status_code == 403, "Bob's own consent, and his own profiles"


def test_consent_is_for_one_client_one_profile_and_one_redirect(acme: Cast) -> None:
    profile(acme.acme, groups=[acme.sales], slug="other")
    app, another = App(), App()
    app.register(redirect_uris=[REDIRECT, "cursor://anysphere.cursor-mcp/oauth/callback"])
    app.sign_in(acme.dana)
    another.register()
    assert another.visit(acme.dana, "").status_code == 200
    assert app.visit(acme.dana, "", resource=resource("other")).status_code == 200
    assert app.visit(acme.dana, "", redirect_uri="cursor://anysphere.cursor-mcp/oauth/callback").status_code == 200


def test_the_way_back_goes_to_an_apps_own_scheme(acme: Cast) -> None:
    app = App(redirect_uri="cursor://anysphere.cursor-mcp/oauth/callback")
    app.register()
    answer = app.visit(acme.dana)
    assert answer["Location"].startswith("cursor://anysphere.cursor-mcp/oauth/callback?code=")


def test_who_is_signed_out_comes_back_after_signing_in(acme: Cast) -> None:
    app = App()
    app.register()
    answer = app.visit(None)
    assert answer.status_code == 302 and answer["Location"].startswith("/accounts/login/?next=/oauth/acme/authorize%3F")
    browser = Client()
    signed_in = browser.post(answer["Location"], {"login": acme.dana.email, "password": "correct horse battery"})
    page = browser.get(signed_in["Location"])
    assert page.status_code == 200 and says(page, "dana@acme.test")


@pytest.mark.parametrize("length", [10, 1600, 5000])
def test_a_very_long_request_comes_through_signing_in_whole(acme: Cast, length: int) -> None:
    app = App()
    app.register()
    state = "s" * length
    asked = app.visit(None, state=state)
    assert len(asked["Location"]) < 2500
    browser = Client()
    signed_in = browser.post(asked["Location"], {"login": acme.dana.email, "password": "correct horse battery"})
    page = browser.get(signed_in["Location"], follow=True)
    assert page.status_code == 200 and says(page, "dana@acme.test") and f"state={state}" in page.request["QUERY_STRING"]
    assert app.sent_back(acme.dana, state=state)["state"] == state


def test_a_long_request_that_waited_too_long_is_told_so(acme: Cast) -> None:
    browser = Client()
    browser.force_login(acme.dana)
    for name in ("nothing", "", "x" * 500):
        page = browser.get("/oauth/acme/authorize", {"kept": name})
        assert page.status_code == 400 and says(page, "connect again from the client")


def test_a_browser_that_comes_from_our_own_form_is_led_on(acme: Cast) -> None:
    """Its form-action would keep it from following a redirect elsewhere."""
    app = App()
    app.sign_in(acme.dana)
    browser = Client()
    browser.force_login(acme.dana)
    page = browser.get("/oauth/acme/authorize", app.asks(), headers={"Sec-Fetch-Site": "same-origin"})
    assert page.status_code == 200 and b'http-equiv="refresh" content="0;url=http://127.0.0.1:33418' in page.content


def test_a_silent_request_is_answered_silently(acme: Cast) -> None:
    app = App()
    app.register()
    assert app.sent_back(None, prompt="none")["error"] == "login_required"
    assert app.sent_back(acme.dana, "", prompt="none")["error"] == "consent_required"
    app.sign_in(acme.dana)
    assert "code" in app.sent_back(acme.dana, "", prompt="none")


def test_who_lacks_the_profile_or_the_organization_is_told_so(acme: Cast) -> None:
    app = App()
    app.register()
    for person, words in ((acme.bob, "has no such profile"), (acme.charlie, "does not belong to the organization")):
        page = app.visit(person)
        assert page.status_code == 403 and says(page, words) and says(page, person.email)
    unknown = app.visit(acme.dana, "", resource=resource("no-such"))
    assert unknown.status_code == 403 and says(unknown, "does not exist, or is for others")


def test_a_client_that_names_no_profile_gets_the_one_that_dana_chooses(acme: Cast) -> None:
    app = App()
    app.register()
    assert "code" in app.sent_back(acme.dana, resource=None), "her only one"
    other = profile(acme.acme, groups=[acme.sales], slug="other")
    page = app.visit(acme.dana, "", resource=None)
    assert page.status_code == 200 and says(page, 'name="profile"')
    browser = Client()
    browser.force_login(acme.dana)
    address = f"/oauth/acme/authorize?{page.request['QUERY_STRING']}"
    assert browser.post(address, {"decision": "allow", "scope": "tools.read"}).status_code == 400
    sent = browser.post(address, {"decision": "allow", "scope": "tools.read", "profile": str(other.pk)})
    tokens = app.exchange(answer_in(sent["Location"])["code"], resource=None).json()
    assert AccessToken.objects.get(token_hash=hash_token(tokens["access_token"])).profile_id == other.pk


def test_a_waiting_and_a_blocked_client_get_nowhere(acme: Cast) -> None:
    app = App()
    tokens = app.sign_in(acme.dana)
    for standing, words in (("waiting", "until an IT admin allows them"), ("blocked", "blocked this AI client")):
        Application.objects.update(standing=standing)
        page = app.visit(acme.dana)
        assert page.status_code == 403 and says(page, words)
        answer = app.refresh(tokens["refresh_token"])
        assert (answer.status_code, answer.json()["error"]) == (400, "unauthorized_client")
