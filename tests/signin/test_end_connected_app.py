"""Dana disconnects a client: it opens nothing any more. The same when its device is revoked, or when she leaves."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import Event
from harriet.people.actions.deactivate_person import deactivate_person
from harriet.people.actions.issue_device_credential import issue_device_credential
from harriet.people.actions.remove_person import remove_person
from harriet.people.actions.revoke_device import revoke_device
from harriet.people.errors import NotAllowed, PeopleError
from harriet.people.models import AccessToken, Membership, OrganizationVersion
from harriet.people.queries import machines_of, tokens_of
from harriet.signin.actions.end_connected_app import end_connected_app
from harriet.signin.models import ConnectedApp, ConnectionStep, IssuedToken, RefreshToken
from harriet.signin.queries import apps_of
from tests.stage.cast import Cast
from tests.stage.connected_apps import client_of, connected_app
from tests.stage.profiles import profile

pytestmark = pytest.mark.django_db


@pytest.fixture
def app(cast: Cast) -> ConnectedApp:
    work = profile(cast.acme, groups=[cast.sales], name="Work")
    return connected_app(cast.dana, client_of(cast.acme), work)[0]


def is_over(app: ConnectedApp) -> bool:
    app.refresh_from_db()
    live = AccessToken.objects.filter(device=app.device_id, revoked_at=None).exists()
    refreshes = RefreshToken.objects.filter(connected_app=app, revoked=None).exists()
    issued = IssuedToken.objects.filter(connected_app=app).exists()
    return app.ended_at is not None and not (live or refreshes or issued) and not apps_of(app.organization).exists()


def test_disconnect_in_my_ai(cast: Cast, client: Client, app: ConnectedApp) -> None:
    client.force_login(cast.dana)
    page = client.get(reverse("me:apps")).content.decode()
    assert "Claude Code" in page and "Look things up; Change things" in page and "Work" in page
    before = OrganizationVersion.objects.get(organization=cast.acme).number

    answer = client.post(reverse("me:disconnect", args=[app.pk]), follow=True).content.decode()

    assert "Claude Code was disconnected" in answer and "No connected app" in answer
    assert is_over(app)
    assert OrganizationVersion.objects.get(organization=cast.acme).number > before, "the gateway hears of it"
    told = Event.objects.get(code="app.disconnected")
    assert told.sentence == "dana@acme.test disconnected Claude Code of dana@acme.test."
    step = ConnectionStep.objects.get(kind="ended")
    assert (step.user, step.problem) == (cast.dana, "ended_by_person")
    assert client.post(reverse("me:disconnect", args=[app.pk])).status_code == 404


def test_nobody_disconnects_what_is_not_theirs(cast: Cast, client: Client, app: ConnectedApp) -> None:
    for person in (cast.bob, cast.charlie):
        client.force_login(person)
        assert client.post(reverse("me:disconnect", args=[app.pk])).status_code == 404
        assert "Claude Code" not in client.get(reverse("me:apps")).content.decode()
        with pytest.raises(NotAllowed):
            end_connected_app(app, actor=cast.actor(person))
    assert not is_over(app)


def test_an_admin_disconnects_it(cast: Cast, app: ConnectedApp) -> None:
    end_connected_app(app, actor=cast.actor(cast.alice))
    end_connected_app(app, actor=cast.actor(cast.alice))
    assert is_over(app) and app.ended_because == "An IT admin disconnected it."
    assert Event.objects.filter(code="app.disconnected").count() == 1, "told once"


def test_it_ends_with_its_device(cast: Cast, app: ConnectedApp) -> None:
    revoke_device(app.device, actor=cast.actor(cast.alice))
    assert is_over(app)


@pytest.mark.parametrize("end", [deactivate_person, remove_person])
def test_it_ends_with_its_person(cast: Cast, client: Client, app: ConnectedApp, end: Any) -> None:
    dana = Membership.objects.select_related("organization", "user").get(user=cast.dana)
    client.force_login(cast.alice)
    checklist = client.get(reverse("console:off_board", args=[dana.pk])).content.decode()
    assert "1 connected app ends" in checklist and "Claude Code" in checklist

    end(dana, actor=cast.actor(cast.alice))

    assert is_over(app) and app.ended_because == "The person’s access to the organization ended."


def test_it_is_no_device_to_put_a_credential_on(cast: Cast, client: Client, app: ConnectedApp) -> None:
    """And the token that it fetched is no token that somebody made: neither is listed among those."""
    with pytest.raises(PeopleError, match="connected app"):
        issue_device_credential(app.device, name="Mine", expires_in_days=1, actor=cast.actor(cast.dana))
    assert not machines_of(cast.acme, cast.dana).exists() and not tokens_of(cast.acme, cast.dana).exists()
    client.force_login(cast.dana)
    assert "No device yet" in client.get(reverse("me:devices")).content.decode()
    client.force_login(cast.alice)
    assert "Connected app" in client.get(reverse("devices:list")).content.decode()
    assert "Disconnect it" in client.get(reverse("devices:detail", args=[app.device_id])).content.decode()
