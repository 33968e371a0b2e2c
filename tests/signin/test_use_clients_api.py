"""A program lists AI clients, makes one, blocks one, and ends connected apps; a member does so with their own alone."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from harriet.people.actions.issue_personal_token import issue_personal_token
from harriet.people.models import User
from harriet.signin.models import Application, ConnectedApp
from harriet.signin.protocol.client_secrets import is_secret
from tests.stage.cast import Cast
from tests.stage.connected_apps import client_of, connected_app
from tests.stage.profiles import profile

pytestmark = pytest.mark.django_db


class Program:
    def __init__(self, cast: Cast, person: User) -> None:
        issued = issue_personal_token(cast.acme, person, "Script", 30, actor=cast.actor(person))
        self._headers = {"Authorization": f"Bearer {issued.secret.reveal()}"}

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        data = "" if body is None else json.dumps(body)
        answer = Client().generic(
            method, f"/api/v1/{path}", data, content_type="application/json", headers=self._headers
        )
        return answer.status_code, answer.json() if answer.content else None


@pytest.fixture
def app(cast: Cast) -> ConnectedApp:
    return connected_app(cast.dana, client_of(cast.acme), profile(cast.acme, groups=[cast.sales]))[0]


def test_an_admins_program_makes_and_blocks_clients(cast: Cast, app: ConnectedApp) -> None:
    alice = Program(cast, cast.alice)
    status, made = alice.ask("POST", "clients/", {"name": "Gemini", "redirect_uris": ["https://gemini.example/back"]})
    assert status == 201 and is_secret(made["client_secret"], Application.objects.get(pk=made["id"]).client_secret)
    status, listed = alice.ask("GET", "clients/")
    assert [one["name"] for one in listed["results"]] == ["Gemini", "Claude Code"]
    assert "client_secret" not in listed["results"][0]
    status, changed = alice.ask("PATCH", f"clients/{app.application_id}/", {"standing": "blocked"})
    assert (status, changed["standing"]) == (200, "blocked")
    app.refresh_from_db()
    assert app.ended_at is not None
    assert alice.ask("PATCH", f"clients/{app.application_id}/", {"standing": "waiting"})[0] == 400
    assert alice.ask("POST", "clients/", {"name": "x", "redirect_uris": ["http://evil.example/"]})[0] == 400


def test_a_members_program_ends_their_own_apps_alone(cast: Cast, app: ConnectedApp) -> None:
    bobs, _ = connected_app(cast.bob, app.application, profile(cast.acme, groups=[], slug="more"))
    dana = Program(cast, cast.dana)
    assert [one["id"] for one in dana.ask("GET", "apps/")[1]["results"]] == [str(app.pk)]
    assert dana.ask("DELETE", f"apps/{bobs.pk}/")[0] == 404
    assert dana.ask("DELETE", f"apps/{app.pk}/")[0] == 204
    assert dana.ask("GET", "clients/")[0] == 403
    assert dana.ask("POST", "clients/", {"name": "x", "redirect_uris": ["https://x.example/"]})[0] == 403
    assert Program(cast, cast.alice).ask("DELETE", f"apps/{bobs.pk}/")[0] == 204
