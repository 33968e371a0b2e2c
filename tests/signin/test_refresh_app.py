"""A connected app's tokens are exchanged for the next ones: a lost answer costs nobody anything, a copied token all."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connections
from django.db.models import F

from audit.models import Event
from connectors.models import Profile
from harriet.people.actions.deactivate_person import deactivate_person
from harriet.people.actions.revoke_device import revoke_device
from harriet.people.actors import actor_of
from harriet.people.models import AccessToken, Device, Membership, OrganizationVersion
from harriet.signin.models import ConnectedApp, RefreshToken
from tests.stage.cast import Cast
from tests.stage.profiles import profile
from tests.stage.signing_app import App, resource

pytestmark = pytest.mark.django_db


def refused(answer: Any, code: str = "invalid_grant") -> bool:
    return answer.status_code == 400 and answer.json()["error"] == code


def live_tokens() -> int:
    return AccessToken.objects.filter(kind="oauth", revoked_at=None).count()


def test_the_next_tokens_replace_the_ones_before(acme: Cast) -> None:
    app = App()
    first = app.sign_in(acme.dana)
    opening = AccessToken.objects.get(kind="oauth")
    number = OrganizationVersion.objects.get(organization=acme.acme).number
    second = app.refresh(first["refresh_token"]).json()
    assert second["access_token"] != first["access_token"] and second["refresh_token"] != first["refresh_token"]
    again = AccessToken.objects.get(kind="oauth")
    assert again.pk == opening.pk, "what was begun goes on under the next token"
    assert bytes(again.previous_hash or b"") == bytes(opening.token_hash), "requests under way still pass"
    assert OrganizationVersion.objects.get(organization=acme.acme).number == number
    assert app.refresh(second["refresh_token"]).status_code == 200


def test_a_client_that_lost_the_answer_gets_the_same_again_for_a_minute(acme: Cast) -> None:
    app = App()
    first = app.sign_in(acme.dana)
    answers = [app.refresh(first["refresh_token"]).json() for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    assert RefreshToken.objects.filter(revoked=None).count() == 1


def test_after_a_minute_a_used_token_ends_the_family(acme: Cast) -> None:
    app = App()
    first = app.sign_in(acme.dana)
    second = app.refresh(first["refresh_token"]).json()
    RefreshToken.objects.exclude(answered_at=None).update(answered_at=F("answered_at") - timedelta(seconds=61))
    number = OrganizationVersion.objects.get(organization=acme.acme).number
    assert refused(app.refresh(first["refresh_token"]))
    assert refused(app.refresh(second["refresh_token"])) and not live_tokens()
    assert OrganizationVersion.objects.get(organization=acme.acme).number > number, "within a second, everywhere"
    assert "one that had been replaced" in Event.objects.get(code="app.tokens_ended").body
    assert "code" in app.sent_back(acme.dana, ""), "her consent stays, so the client is back without a question"


def test_an_older_token_than_the_one_before_ends_the_family_at_once(acme: Cast) -> None:
    app = App()
    first = app.sign_in(acme.dana)
    second = app.refresh(first["refresh_token"]).json()
    third = app.refresh(second["refresh_token"]).json()
    assert app.refresh(second["refresh_token"]).json() == third, "the immediate predecessor"
    assert refused(app.refresh(first["refresh_token"])) and not live_tokens()
    assert refused(app.refresh(second["refresh_token"])) and refused(app.refresh(third["refresh_token"]))


def test_no_sealed_answer_outlives_its_use(acme: Cast) -> None:
    app = App()
    first = app.sign_in(acme.dana)
    second = app.refresh(first["refresh_token"]).json()
    sealed = RefreshToken.objects.exclude(sealed_answer=None).get()
    assert second["access_token"].encode() not in bytes(sealed.sealed_answer or b"")
    app.refresh(second["refresh_token"])
    assert RefreshToken.objects.exclude(sealed_answer=None).count() == 1


@pytest.mark.django_db(transaction=True)
def test_refreshes_at_the_same_moment_get_the_same_answer(committed_cast: Cast) -> None:
    profile(committed_cast.acme, groups=[committed_cast.sales])
    app = App()
    first = app.sign_in(committed_cast.dana)
    start = Barrier(4)

    def refresh(_: int) -> Any:
        try:
            start.wait()
            return app.refresh(first["refresh_token"]).json()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as together:
        answers = list(together.map(refresh, range(4)))
    assert all(answer == answers[0] for answer in answers) and "access_token" in answers[0], answers
    assert RefreshToken.objects.filter(revoked=None).count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_code_that_two_bring_at_once_is_given_out_once(committed_cast: Cast) -> None:
    profile(committed_cast.acme, groups=[committed_cast.sales])
    app = App()
    app.register()
    code, start = app.sent_back(committed_cast.dana)["code"], Barrier(4)

    def exchange(_: int) -> int:
        try:
            start.wait()
            return int(app.exchange(code).status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as together:
        statuses = sorted(together.map(exchange, range(4)))
    assert statuses == [200, 400, 400, 400] and not live_tokens(), "and what it gave is ended"


def test_a_refresh_token_is_for_its_client_alone(acme: Cast) -> None:
    app, thief = App(), App()
    tokens = app.sign_in(acme.dana)
    thief.register()
    assert refused(thief.refresh(tokens["refresh_token"]))
    assert app.refresh(tokens["refresh_token"]).status_code == 200, "a thief with another id ends nothing"


def test_a_refresh_for_another_resource_is_refused(acme: Cast) -> None:
    profile(acme.acme, groups=[acme.sales], slug="other")
    app = App()
    tokens = app.sign_in(acme.dana)
    assert refused(app.refresh(tokens["refresh_token"], resource=resource("other")), "invalid_target")
    both = [resource(), resource("other")]
    assert refused(app.refresh(tokens["refresh_token"], resource=both), "invalid_target")
    assert app.refresh(tokens["refresh_token"], resource=resource()).status_code == 200


def test_a_narrower_refresh_narrows_that_token_alone(acme: Cast) -> None:
    app = App()
    tokens = app.sign_in(acme.dana)
    narrow = app.refresh(tokens["refresh_token"], scope="tools.read").json()
    assert narrow["scope"] == "tools.read"
    assert app.refresh(narrow["refresh_token"]).json()["scope"] == "tools.read tools.write tools.dangerous"


@pytest.mark.parametrize("ending", ["person", "device", "profile", "consent", "app"])
def test_when_the_right_has_ended_there_is_no_next_token(acme: Cast, ending: str) -> None:
    app = App()
    tokens = app.sign_in(acme.dana)
    if ending == "person":
        deactivate_person(Membership.objects.get(user=acme.dana), actor=actor_of(acme.alice))
    elif ending == "device":
        revoke_device(Device.objects.get(kind="app"), actor=actor_of(acme.dana))
    elif ending == "profile":
        acme.sales.profiles.clear()
    elif ending == "consent":
        ConnectedApp.objects.update(expires_at=F("consented_at"))
    else:
        ConnectedApp.objects.update(ended_at=F("consented_at"))
    assert refused(app.refresh(tokens["refresh_token"]))


def test_a_lost_answer_is_for_the_same_resource_and_for_who_still_has_the_profile(acme: Cast) -> None:
    app = App()
    first = app.sign_in(acme.dana)
    profile(acme.acme, groups=[acme.sales], slug="other")
    assert app.refresh(first["refresh_token"]).status_code == 200
    assert refused(app.refresh(first["refresh_token"], resource=resource("other")), "invalid_target")
    work = Profile.objects.get(slug="work")
    work.groups.clear()
    work.people.clear()
    assert refused(app.refresh(first["refresh_token"])) and live_tokens() == 1, "nobody copied it: nothing ends by it"
