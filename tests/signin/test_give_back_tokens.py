"""Clients give tokens back (RFC 7009) and ask what one is worth (RFC 7662), each about its own."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db.models import F

from audit.models import Event
from harriet.people.models import AccessToken
from harriet.signin.models import Application
from tests.stage.assertions import Bearer, signed_in_by_sso, trusted
from tests.stage.cast import Cast
from tests.stage.signing_app import VERIFIER, App, resource

pytestmark = pytest.mark.django_db


def basic(app: App, secret: str = "") -> dict[str, str]:
    pair = f"{app.client_id}:{secret or app.secret}"
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def live() -> bool:
    return AccessToken.objects.filter(kind="oauth", revoked_at=None).exists()


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
@pytest.mark.parametrize("hint", [None, "access_token", "refresh_token", "something"])
def test_a_token_that_is_given_back_ends_the_sign_in(acme: Cast, which: str, hint: str | None) -> None:
    app = App()
    tokens = app.sign_in(acme.dana)
    form = {"client_id": app.client_id, "token": tokens[which], "token_type_hint": hint}
    assert app.post("revoke", form).status_code == 200
    assert not live() and app.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert app.post("revoke", form).status_code == 200, "again"


def test_nobody_gives_anothers_token_back(acme: Cast) -> None:
    app, other = App(), App()
    tokens = app.sign_in(acme.dana)
    other.register()
    assert other.post("revoke", {"client_id": other.client_id, "token": tokens["refresh_token"]}).status_code == 200
    assert live()
    assert app.post("revoke", {"token": tokens["refresh_token"]}).status_code == 401
    assert app.post("revoke", {"client_id": app.client_id}).json()["error"] == "invalid_request"


def test_a_client_with_a_secret_learns_what_its_token_is_worth(acme: Cast) -> None:
    app = App()
    app.register(token_endpoint_auth_method="client_secret_basic")
    code = app.sent_back(acme.dana)["code"]
    tokens = app.post("token", exchange(code, app), **basic(app)).json()
    said = app.post("introspect", {"token": tokens["access_token"]}, **basic(app)).json()
    assert said["active"] and said["aud"] == resource() and said["iss"] == f"{settings.BASE_URL}/oauth/acme"
    assert said["scope"] == tokens["scope"] and said["client_id"] == app.client_id and said["sub"] == str(acme.dana.pk)
    assert app.post("introspect", {"token": tokens["refresh_token"]}, **basic(app)).json()["active"]
    app.post("revoke", {"token": tokens["access_token"]}, **basic(app))
    assert app.post("introspect", {"token": tokens["access_token"]}, **basic(app)).json() == {"active": False}


def exchange(code: str, app: App) -> dict[str, Any]:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": app.redirect_uri}
    return form | {"code_verifier": VERIFIER}


def test_who_may_ask(acme: Cast) -> None:
    app, public, asker = App(), App(), App()
    tokens = app.sign_in(acme.dana)
    public.register()
    asker.register(token_endpoint_auth_method="client_secret_post")
    form = {"token": tokens["access_token"]}
    assert public.post("introspect", form | {"client_id": public.client_id}).status_code == 401
    assert app.post("introspect", form).status_code == 401
    assert asker.post("introspect", form, **basic(asker, "wrong")).status_code == 401
    mine = form | {"client_id": asker.client_id, "client_secret": asker.secret}
    assert asker.post("introspect", mine).json() == {"active": False}, "anybody could register to ask"
    Application.objects.filter(client_id=asker.client_id).update(registration_source="manual")
    assert asker.post("introspect", mine).json()["active"], "an admin made it: a server of the organization"
    assert asker.post("introspect", mine | {"token": "nonsense"}).json() == {"active": False}


def with_secret(acme: Cast) -> tuple[App, dict[str, Any]]:
    app = App()
    app.register(token_endpoint_auth_method="client_secret_basic")
    code = app.sent_back(acme.dana)["code"]
    return app, app.post("token", exchange(code, app), **basic(app)).json()


def test_a_token_is_worth_something_until_it_has_to_be_exchanged(acme: Cast) -> None:
    """The consent lasts longer by far, and is not what was asked."""
    app, tokens = with_secret(acme)
    said = app.post("introspect", {"token": tokens["access_token"]}, **basic(app)).json()
    opening = AccessToken.objects.get(kind="oauth")
    assert opening.secret_until is not None and said["exp"] == int(opening.secret_until.timestamp())
    AccessToken.objects.update(secret_until=F("secret_until") - timedelta(hours=2))
    assert app.post("introspect", {"token": tokens["access_token"]}, **basic(app)).json() == {"active": False}


def test_the_token_before_the_newest_is_still_one_and_can_be_given_back(acme: Cast) -> None:
    app, first = with_secret(acme)
    form = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    second = app.post("token", form, **basic(app)).json()
    old, new = ({"token": tokens["access_token"]} for tokens in (first, second))
    assert app.post("introspect", old, **basic(app)).json()["active"], "the gateway takes it until its own end"
    assert app.post("revoke", old, **basic(app)).status_code == 200 and not live()
    assert [app.post("introspect", one, **basic(app)).json() for one in (old, new)] == [{"active": False}] * 2


def test_a_token_for_an_issuers_word_is_given_back_by_itself(acme: Cast) -> None:
    bearer = Bearer()
    trusted(acme.acme, bearer.app.client_id)
    signed_in_by_sso(acme.dana, acme.acme)
    kept, given = bearer.bring().json()["access_token"], bearer.bring().json()["access_token"]
    client = {"client_id": bearer.app.client_id, "client_secret": bearer.app.secret}
    other = App()
    other.register()
    other.post("revoke", {"client_id": other.client_id, "token": given})
    assert bearer.app.post("introspect", client | {"token": given}).json()["active"], "it is not theirs"
    assert bearer.app.post("revoke", client | {"token": given}).status_code == 200
    assert bearer.app.post("introspect", client | {"token": given}).json() == {"active": False}
    assert bearer.app.post("introspect", client | {"token": kept}).json()["active"], "it may run on two machines"
    assert Event.objects.get(code="app.tokens_ended").sentence
