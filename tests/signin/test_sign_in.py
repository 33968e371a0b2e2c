"""Signing in with password and second factor, and that each of allauth's pages that can be reached is Harriet's."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core import mail
from django.core.cache import cache
from django.test import Client, TestCase
from django.urls import reverse

from audit.actor import SYSTEM
from audit.models import Event
from harriet import settings as base_settings
from harriet.lib.sealed import NotSealedHere
from harriet.people.actions.add_person import add_person
from harriet.signin.sealing import open_text, seal_text

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def attempts(settings: Any) -> None:
    """A count of its own for each test: Redis is shared with the tests that run beside it."""
    location = str(uuid.uuid4())
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": location}}


def sign_in(client: Client, user: Any, password: str = PASSWORD) -> Any:
    return client.post(reverse("account_login"), {"login": user.email.upper(), "password": password})


def code_for(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


def prove_again(client: Client) -> None:
    """Changing factors asks for the password once more."""
    assert client.post(reverse("account_reauthenticate"), {"password": PASSWORD}).status_code == 302


def activate_totp(client: Client) -> str:
    prove_again(client)
    page = client.get(reverse("mfa_activate_totp"))
    secret = page.context["form"].secret
    with TestCase.captureOnCommitCallbacks(execute=True):
        assert client.post(reverse("mfa_activate_totp"), {"code": code_for(secret)}).status_code == 302
    return str(secret)


def test_dana_signs_in_whatever_the_case_of_her_address(client: Client, cast: Any) -> None:
    assert sign_in(client, cast.dana)["Location"] == "/"
    assert client.get("/", follow=True).redirect_chain[-1][0] == reverse("me:home")
    assert "dana@acme.test" in Event.objects.get(code="signin.succeeded").body


def test_a_wrong_password_says_no_more_than_an_unknown_address(client: Client, cast: Any) -> None:
    wrong = sign_in(client, cast.dana, "wrong")
    unknown = client.post(reverse("account_login"), {"login": "nobody@acme.test", "password": "wrong"})
    assert wrong.context["form"].errors == unknown.context["form"].errors


def test_attempts_are_counted_for_all_processes_together() -> None:
    assert base_settings.CACHES["default"]["BACKEND"].endswith("RedisCache")


def test_the_second_factor_is_asked_and_its_secret_is_sealed(client: Client, cast: Any) -> None:
    sign_in(client, cast.dana)
    secret = activate_totp(client)
    stored = str(Authenticator.objects.get(type="totp").data)
    assert secret not in stored
    other = Client()
    assert sign_in(other, cast.dana)["Location"] == reverse("mfa_authenticate")
    assert other.get(reverse("me:home")).status_code == 302
    cache.clear()  # the same code was used a moment ago
    passed = other.post(reverse("mfa_authenticate"), {"code": code_for(secret)})
    assert passed.status_code == 302 and other.get(reverse("me:home")).status_code == 200
    assert Event.objects.filter(code="signin.factor_added").exists()


def test_a_sealed_text_opens_only_whole() -> None:
    sealed = seal_text("JBSWY3DPEHPK3PXP")
    assert open_text(sealed) == "JBSWY3DPEHPK3PXP" and seal_text("JBSWY3DPEHPK3PXP") != sealed
    broken = ("A" if sealed[20] != "A" else "B").join([sealed[:20], sealed[21:]])
    with pytest.raises(NotSealedHere):
        open_text(broken)


def test_a_forgotten_password_is_set_anew_by_mail(client: Client, cast: Any) -> None:
    client.post(reverse("account_reset_password"), {"email": "dana@acme.test"})
    link = re.search(r"http://127.0.0.1:8000(\S+)", mail.outbox[0].body)
    assert link, mail.outbox[0].body
    page = client.get(link[1], follow=True)
    new = "sunlight on the harbour wall"
    client.post(page.request["PATH_INFO"], {"password1": new, "password2": new})
    assert sign_in(Client(), cast.dana, new)["Location"] == "/"
    assert Event.objects.filter(code="signin.password_changed").exists()


def test_the_reset_link_points_at_our_address_whoever_asks(client: Client, cast: Any) -> None:
    client.post(reverse("account_reset_password"), {"email": "dana@acme.test"}, headers={"host": "localhost:1234"})
    assert "http://127.0.0.1:8000/accounts/password/reset/key/" in mail.outbox[0].body
    assert "localhost:1234" not in mail.outbox[0].body


def test_nobody_signs_up(client: Client, cast: Any) -> None:
    page = client.get(reverse("account_signup"))
    assert "by invitation" in page.content.decode()
    new = "sunlight on the harbour wall"
    given = {"email": "mallory@evil.test", "password1": new, "password2": new}
    client.post(reverse("account_signup"), given)
    assert not type(cast.dana).objects.filter(email="mallory@evil.test").exists()


SIGNED_OUT = [
    "account_login",
    "account_signup",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key_done",
    "account_inactive",
]
SIGNED_IN = [
    "account_logout",
    "account_change_password",
    "mfa_index",
    "mfa_activate_totp",
    "mfa_list_webauthn",
    "mfa_add_webauthn",
    "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes",
    "mfa_deactivate_totp",
    "account_reauthenticate",
    "mfa_reauthenticate",
    "mfa_reauthenticate_webauthn",
]
NOT_OFFERED = ["account_email", "account_email_verification_sent", "account_confirm_login_code"]


def looks_like_harriet(page: Any) -> bool:
    text = page.content.decode()
    scripts = re.findall(r"<script(?![^>]*(?:src=|type=\"application/json\"))[^>]*>", text)
    return text.count("<h1>") == 1 and "harriet/harriet.css" in text and not scripts and " style=" not in text


@pytest.mark.parametrize("name", SIGNED_OUT)
def test_pages_of_people_who_are_signed_out(client: Client, cast: Any, name: str) -> None:
    page = client.get(reverse(name), follow=True)
    assert page.status_code == 200 and looks_like_harriet(page), page.content.decode()


@pytest.mark.parametrize("name", SIGNED_IN)
def test_pages_of_people_who_are_signed_in(client: Client, cast: Any, name: str) -> None:
    sign_in(client, cast.dana)
    if name == "mfa_activate_totp":
        prove_again(client)
    else:
        activate_totp(client)
    page = client.get(reverse(name), follow=True)
    assert page.status_code == 200 and looks_like_harriet(page), page.content.decode()


@pytest.mark.parametrize("name", NOT_OFFERED)
def test_what_is_not_offered_is_not_found(client: Client, cast: Any, name: str) -> None:
    client.force_login(cast.dana)
    assert client.get(reverse(name)).status_code == 404
    assert client.get(reverse("account_confirm_email", args=["key"])).status_code == 404


def test_removing_a_passkey_that_is_not_there_is_not_found(client: Client, cast: Any) -> None:
    sign_in(client, cast.dana)
    prove_again(client)
    assert client.get(f"/accounts/2fa/webauthn/keys/{uuid.uuid4().int % 1000}/remove/").status_code == 404


def test_somebody_added_without_an_invitation_sets_a_password_by_mail(client: Client, cast: Any) -> None:
    eve = add_person(cast.acme, "eve@acme.test", "member", actor=SYSTEM).user
    client.post(reverse("account_reset_password"), {"email": "eve@acme.test"})
    link = re.search(r"http://127.0.0.1:8000(\S+)", mail.outbox[0].body)
    assert link
    page = client.get(link[1], follow=True)
    new = "sunlight on the harbour wall"
    client.post(page.request["PATH_INFO"], {"password1": new, "password2": new})
    assert sign_in(Client(), eve, new)["Location"] == "/"
