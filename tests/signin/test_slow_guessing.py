"""Guessing is slowed where it comes from, and locks nobody out."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.test import Client
from django.urls import reverse

from harriet.signin.attempts import PLACE
from harriet.signin.sealing import seal_text

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def attempts(settings: Any) -> None:
    """A count of its own for each test: Redis is shared with the tests that run beside it."""
    location = str(uuid.uuid4())
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": location}}


def at(address: str) -> Client:
    return Client(REMOTE_ADDR=address)


def sign_in(client: Client, password: str = PASSWORD, email: str = "dana@acme.test") -> Any:
    return client.post(reverse("account_login"), {"login": email, "password": password})


def is_slowed(answer: Any) -> bool:
    return "Too many failed" in answer.content.decode()


def is_in(answer: Any) -> bool:
    return bool(answer.status_code == 302)


def test_a_stranger_locks_nobody_out(cast: Any) -> None:
    """From many addresses, too, and however often."""
    for number in range(60):
        sign_in(at(f"203.0.113.{number // 6}"), "wrong")
    assert is_in(sign_in(at("198.51.100.7")))


def test_who_guesses_is_slowed_whomever_they_guess_for(cast: Any) -> None:
    stranger = at("203.0.113.1")
    answers = [sign_in(stranger, "wrong", f"somebody{number}@acme.test") for number in range(11)]
    assert [is_slowed(answer) for answer in answers] == [False] * 10 + [True]
    assert is_slowed(sign_in(at("203.0.113.1"), "wrong"))
    assert not is_slowed(sign_in(at("203.0.113.2"), "wrong"))


def test_an_ipv6_network_is_one_place(cast: Any) -> None:
    for number in range(10):
        sign_in(at(f"2001:db8::{number:x}"), "wrong")
    assert is_slowed(sign_in(at("2001:db8::ffff"), "wrong"))


def test_danas_own_browser_is_not_held_up_by_somebody_in_the_same_office(cast: Any) -> None:
    browser = at("203.0.113.1")
    assert is_in(sign_in(browser))
    browser.post(reverse("account_logout"))
    for _ in range(20):
        sign_in(at("203.0.113.1"), "wrong")
    assert is_slowed(sign_in(at("203.0.113.1"), "wrong"))
    assert is_in(sign_in(browser))


def test_that_browser_is_counted_by_itself(cast: Any) -> None:
    browser = at("203.0.113.1")
    sign_in(browser)
    browser.post(reverse("account_logout"))
    answers = [sign_in(browser, "wrong") for _ in range(11)]
    assert is_slowed(answers[-1]) and not is_slowed(answers[-2])
    assert is_in(sign_in(at("203.0.113.9")))


def test_it_helps_with_nobody_elses_password_and_is_not_made_up(cast: Any) -> None:
    browser = at("203.0.113.1")
    sign_in(browser)
    browser.post(reverse("account_logout"))
    for _ in range(10):
        sign_in(browser, "wrong", "alice@acme.test")
    assert is_slowed(sign_in(browser, "wrong", "alice@acme.test"))
    browser.cookies[PLACE] = f"x.{cast.alice.pk}:1:forged"
    assert is_slowed(sign_in(browser, "wrong", "alice@acme.test"))


def test_right_passwords_use_nothing_up(cast: Any) -> None:
    for _ in range(40):
        assert is_in(sign_in(at("203.0.113.1")))


def test_asking_again_for_the_password_is_counted_by_session(cast: Any) -> None:
    own, other = at("203.0.113.1"), at("203.0.113.1")
    sign_in(own)
    sign_in(other, email="alice@acme.test")
    for _ in range(9):
        own.post(reverse("account_reauthenticate"), {"password": "wrong"})
    assert other.post(reverse("account_reauthenticate"), {"password": PASSWORD}).status_code == 302


def test_second_factors_are_counted_by_person_after_the_right_password(cast: Any) -> None:
    Authenticator.objects.create(user=cast.dana, type="totp", data={"secret": seal_text("JBSWY3DPEHPK3PXP")})
    texts = []
    for number in range(12):
        client = at(f"203.0.113.{number}")
        sign_in(client)
        texts.append(client.post(reverse("mfa_authenticate"), {"code": "000000"}).content.decode())
    assert "Too many failed" in texts[-1] and "Too many failed" not in texts[0]


def test_nobodys_mailbox_is_filled(cast: Any) -> None:
    answers = set()
    for number in range(30):
        asked = at(f"203.0.113.{number}").post(reverse("account_reset_password"), {"email": "DANA@acme.test"})
        answers.add((asked.status_code, asked["Location"]))
    assert len(mail.outbox) == 6 and len(answers) == 1
    link = re.search(r"http://127.0.0.1:8000(/accounts/password/reset/key/\S+)", mail.outbox[0].body)
    assert link and at("198.51.100.7").get(link[1], follow=True).status_code == 200
    at("198.51.100.7").post(reverse("account_reset_password"), {"email": "alice@acme.test"})
    assert len(mail.outbox) == 7


def test_no_stranger_gets_mail(cast: Any) -> None:
    at("203.0.113.1").post(reverse("account_reset_password"), {"email": "somebody@else.test"})
    assert not mail.outbox
