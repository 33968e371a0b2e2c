"""Dana's own account: her name, the browsers where she is signed in, and no page that speaks another language."""

from __future__ import annotations

import re
from html import unescape

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags

from audit.models import Event
from harriet.people.browsers import browser_words
from harriet.people.models import User
from harriet.signin.sealing import seal_text
from tests.stage.cast import Cast

pytestmark = pytest.mark.django_db
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 (KHTML, like Gecko) Version/18 Safari/604"
)


def signed_in(cast: Cast, browser: str, address: str) -> Client:
    client = Client(headers={"user-agent": browser}, REMOTE_ADDR=address)
    sent = {"login": cast.dana.email, "password": "correct horse battery"}
    assert client.post(reverse("account_login"), sent).status_code == 302
    return client


def test_dana_changes_her_name(client: Client, cast: Cast) -> None:
    client.force_login(cast.dana)
    assert client.post(reverse("console:account"), {"name": " "}).status_code == 400
    client.post(reverse("console:account"), {"name": "Dana D."})
    assert User.objects.get(pk=cast.dana.pk).name == "Dana D."
    assert "is now called Dana D.; before: Dana" in Event.objects.get(code="person.renamed").sentence


def test_she_signs_out_of_one_browser_and_of_all_others(cast: Cast) -> None:
    desk, phone, cafe = (
        signed_in(cast, *where) for where in ((FIREFOX, "10.0.0.1"), (SAFARI, "10.0.0.2"), ("curl/8", "10.0.0.3"))
    )
    page = desk.get(reverse("console:account")).content.decode()
    assert all(words in page for words in ("Firefox on Windows", "Safari on an iPhone", "10.0.0.2", "this browser"))
    assert not any(str(one.session.session_key) in page for one in (phone, cafe)), "a key signs in"
    shown = next(one for one in desk.get(reverse("console:account")).context["sessions"] if "iPhone" in one.browser)
    desk.post(reverse("console:end_sessions"), {"session": shown.row.pk})
    assert phone.get(reverse("me:home")).status_code == 302
    assert cafe.get(reverse("me:home")).status_code == 200
    desk.post(reverse("console:end_sessions"))
    assert cafe.get(reverse("me:home")).status_code == 302
    assert desk.get(reverse("me:home")).status_code == 200
    assert Event.objects.filter(code="person.sessions_ended").count() == 2


def test_nobody_ends_somebody_elses_session(client: Client, cast: Cast) -> None:
    dana = signed_in(cast, FIREFOX, "10.0.0.1")
    shown = dana.get(reverse("console:account")).context["sessions"][0]
    client.force_login(cast.alice)
    client.post(reverse("console:end_sessions"), {"session": shown.row.pk})
    assert dana.get(reverse("me:home")).status_code == 200


def test_browsers_have_names() -> None:
    assert browser_words("") == "An unknown browser"
    assert browser_words("Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 Safari/537.36 Edg/140.0") == "Edge on Linux"


FRAMEWORK = re.compile(
    r"Confirm Access|Security Key|Recovery Codes|Authenticator App|Sign In|Log ?[Oo]ut|Change Password|Set Password"
    r"|Alternative options|reauthenticate|Please |Are you sure|Two-Factor Authentication|You are about to generate"
    r"|Master key|Passwordless|New Password|Current Password|Successfully|[a-z]e-mail$|Deactivate Auth|Activate Auth"
)


def text_of(page: bytes) -> str:
    main = re.sub(r"<script.*?</script>", "", page.decode(), flags=re.DOTALL)
    return unescape(strip_tags(main))


def test_no_page_of_signing_in_speaks_the_frameworks_language(client: Client, cast: Cast) -> None:
    sent = {"login": cast.dana.email, "password": "correct horse battery"}
    for name in ("account_login", "account_reset_password", "account_reset_password_done"):
        assert not FRAMEWORK.search(text_of(client.get(reverse(name)).content)), name
    client.post(reverse("account_login"), sent)
    names = ["account_change_password", "account_logout", "mfa_index", "mfa_activate_totp", "mfa_list_webauthn"]
    names += ["mfa_add_webauthn", "account_reauthenticate"]
    totp = Authenticator(user=cast.dana, type="totp", data={"secret": seal_text("JBSWY3DPEHPK3PXP")})
    codes = Authenticator(user=cast.dana, type="recovery_codes", data={"seed": seal_text("0" * 40), "used_mask": 0})
    client.post(reverse("account_reauthenticate"), {"password": "correct horse battery"})
    look_at(client, names)
    totp.save()
    codes.save()
    look_at(
        client, ["mfa_deactivate_totp", "mfa_view_recovery_codes", "mfa_generate_recovery_codes", "mfa_reauthenticate"]
    )
    key = Authenticator.objects.create(user=cast.dana, type="webauthn", data={"name": "Key 1", "credential": {}})
    for name in ("mfa_edit_webauthn", "mfa_remove_webauthn"):
        page = client.get(reverse(name, args=[key.pk]))
        assert page.status_code == 200 and not FRAMEWORK.search(text_of(page.content)), name
    key.delete()
    other = Client()
    other.post(reverse("account_login"), sent)
    page = other.get(reverse("mfa_authenticate"))
    assert "Your second factor" in text_of(page.content) and not FRAMEWORK.search(text_of(page.content))


def look_at(client: Client, names: list[str]) -> None:
    for name in names:
        page = client.get(reverse(name))
        assert page.status_code == 200, name
        found = FRAMEWORK.search(text_of(page.content))
        assert not found, f"{name}: {found and found[0]}"
