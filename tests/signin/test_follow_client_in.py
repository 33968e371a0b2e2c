"""A client’s way in through the real server: the doctor is told each step; waiting and blocked clients stop there."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import Q
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from harriet.people.models import AccessToken, Device, Notice, Organization
from harriet.people.tokens import hash_token
from harriet.signin.actions.decide_client import allow_client, block_client
from harriet.signin.actions.note_refused_calls import note_calls_beyond_scope, note_token_over
from harriet.signin.doctor import Attempt, attempts_of
from harriet.signin.models import Application, ConnectedApp, ConnectionStep
from tests.stage.cast import Cast
from tests.stage.signing_app import App, says

pytestmark = pytest.mark.django_db


def attempt_of(acme: Cast) -> Attempt:
    return attempts_of(acme.acme, Q(user=acme.dana)).attempts[0]


def kinds(acme: Cast) -> list[str]:
    return [line.kind for line in attempt_of(acme).lines]


def test_each_step_is_noted_and_no_secret(acme: Cast, client: Client) -> None:
    app = App()
    app.http.get("/.well-known/oauth-protected-resource/mcp/acme/work")
    app.http.get("/.well-known/oauth-authorization-server/oauth/acme")
    tokens = app.sign_in(acme.dana)
    app.refresh(tokens["refresh_token"])

    assert kinds(acme) == ["resource_metadata", "registered", "authorize", "consented", "token", "refreshed"]
    assert attempt_of(acme).status == ("ok", "Works")
    kept = repr(list(ConnectionStep.objects.values()))
    assert not any(secret in kept for secret in (tokens["access_token"], tokens["refresh_token"], "st4te"))
    client.force_login(acme.dana)
    assert "got its next token" in client.get(reverse("me:doctor")).content.decode()


def test_what_went_wrong_is_noted_for_the_person(acme: Cast) -> None:
    app = App()
    tokens = app.sign_in(acme.dana)
    app.exchange("no code", code_verifier="w" * 43)
    newer = app.refresh(tokens["refresh_token"]).json()
    app.refresh(newer["refresh_token"])
    app.refresh(tokens["refresh_token"])
    assert "somebody may have copied it" in attempt_of(acme).lines[-1].why
    assert attempt_of(acme).status == ("danger", "Did not go through")
    nameless = ConnectionStep.objects.get(kind="token", user=None)
    assert (nameless.problem, nameless.client) == ("invalid_grant", "Claude Code")


def test_dana_says_no(acme: Cast) -> None:
    app = App()
    app.register()
    app.sent_back(acme.dana, "refuse")
    assert (attempt_of(acme).lines[-1].kind, attempt_of(acme).lines[-1].is_failed) == ("consented", True)


def test_a_registration_that_is_refused_is_noted(acme: Cast) -> None:
    App().http.post("/oauth/acme/register", '{"redirect_uris": ["javascript:1"]}', content_type="application/json")
    step = ConnectionStep.objects.get(kind="registered")
    assert step.problem == "invalid_redirect_uri" and step.details["reason"]


def test_a_waiting_client_stops_until_an_admin_allows_it(acme: Cast) -> None:
    Organization.objects.filter(pk=acme.acme.pk).update(new_clients="waiting")
    app = App()
    app.register()
    assert says(app.visit(acme.dana, ""), "wait here until an IT admin allows them")
    assert Notice.objects.filter(user=acme.alice, kind="client_waits").count() == 1
    assert "wait here until an IT admin" in attempt_of(acme).lines[-1].why
    allow_client(Application.objects.get(), actor=acme.actor(acme.alice))
    assert app.sign_in(acme.dana)["access_token"]
    again = App()
    again.register()
    assert again.sign_in(acme.dana)["access_token"], "registered anew, it is the same client"


def test_a_blocked_client_is_out_and_stays_out(acme: Cast) -> None:
    app = App()
    tokens = app.sign_in(acme.dana)
    block_client(Application.objects.get(), actor=acme.actor(acme.alice))
    assert app.refresh(tokens["refresh_token"]).status_code == 400
    opening = AccessToken.objects.get(token_hash=hash_token(tokens["access_token"]))
    assert opening.revoked_at is not None
    again = App()
    again.register()
    assert says(again.visit(acme.dana, ""), "blocked this AI client")


def test_refusals_at_the_gateway_are_noted_once_in_a_while(acme: Cast) -> None:
    tokens = App().sign_in(acme.dana)
    token = AccessToken.objects.get(token_hash=hash_token(tokens["access_token"]))
    app = ConnectedApp.objects.get()
    for _ in range(3):
        note_token_over(token)
        note_calls_beyond_scope({app.device_id: "wipe"})
    assert ConnectionStep.objects.filter(kind="expired_call").count() == 1
    step = ConnectionStep.objects.get(kind="refused")
    assert (step.problem, step.details) == ("insufficient_scope", {"tool": "wipe"})


def test_a_consent_whose_time_was_over_leaves_no_device_behind(acme: Cast) -> None:
    app = App()
    app.sign_in(acme.dana)
    ConnectedApp.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    app.sign_in(acme.dana)
    assert Device.objects.filter(user=acme.dana, revoked_at=None).count() == 1
    assert ConnectedApp.objects.get(device__revoked_at__isnull=False).ended_because == "It was connected anew."
