"""Dana asks the connection doctor what went wrong with her client; Alice asks it for everybody."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import Q
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from harriet.lib.ids import new_id
from harriet.people.actions.note_seen import note_seen
from harriet.people.models import User
from harriet.signin.actions.forget_old import forget_old_steps
from harriet.signin.actions.note_first_calls import note_first_calls
from harriet.signin.doctor import attempts_of
from harriet.signin.models import Application, ConnectionStep
from tests.stage.cast import Cast
from tests.stage.connected_apps import client_of, connected_app
from tests.stage.profiles import profile

pytestmark = pytest.mark.django_db


class Story:
    """Steps some seconds or minutes apart, the last of them just now."""

    def __init__(self, cast: Cast) -> None:
        self.cast, self.profile = cast, profile(cast.acme, groups=[cast.sales], name="Work")
        self.at = timezone.now() - timedelta(days=2)

    def step(self, kind: str, user: User | None = None, client: Application | None = None, **facts: Any) -> None:
        self.at += facts.pop("after", timedelta(seconds=5))
        ConnectionStep.objects.create(
            id=new_id(),
            organization=self.cast.acme,
            kind=kind,
            user=user,
            application_id=client.pk if client else None,
            client=client.name if client else "",
            profile_id=facts.pop("profile_id", self.profile.pk),
            at=self.at,
            **facts,
        )

    def connects(self, user: User, client: Application) -> None:
        self.step("challenged")
        self.step("resource_metadata")
        self.step("registered", client=client)
        for kind in ("authorize", "signed_in", "consented", "token", "first_call"):
            self.step(kind, user, client)


@pytest.fixture
def story(cast: Cast) -> Story:
    return Story(cast)


def test_an_attempt_is_told_step_by_step(story: Story, cast: Cast, client: Client) -> None:
    story.connects(cast.dana, client_of(cast.acme))
    client.force_login(cast.dana)
    page = client.get(reverse("me:doctor")).content.decode()
    told = [
        "called without a token and was told where to sign in",
        "read where to sign in for this profile",
        "registered itself",
        "opened the sign-in page",
        "was allowed",
        "got its first token",
        "called for the first time",
    ]
    places = [page.find(sentence) for sentence in told]
    assert places == sorted(places) and places[0] > 0
    assert "Works" in page and "Claude Code" in page and "Work" in page


def test_a_refusal_says_why_and_what_to_do(story: Story, cast: Cast, client: Client) -> None:
    claude = client_of(cast.acme)
    story.step("authorize", cast.dana, claude)
    story.step("token", cast.dana, claude, problem="invalid_grant", details={"host": "claude.ai", "token": "hrt_x"})
    client.force_login(cast.dana)
    page = client.get(reverse("me:doctor")).content.decode()
    assert "Did not go through" in page and "had expired, was used before" in page
    assert "Connect the client again" in page and "claude.ai" in page
    assert "hrt_x" not in page, "what has no label is not shown"


def test_where_it_stopped_is_said(story: Story, cast: Cast) -> None:
    story.step("authorize", cast.dana, client_of(cast.acme))
    [attempt] = attempts_of(cast.acme, Q(user=cast.dana)).attempts
    assert attempt.status == ("attention", "Not finished") and "Connect the client again" in attempt.unfinished


def test_beginning_anew_is_another_attempt_and_refreshing_is_not(story: Story, cast: Cast) -> None:
    first, second = client_of(cast.acme), client_of(cast.acme)
    story.connects(cast.dana, first)
    for _ in range(12):
        story.step("refreshed", cast.dana, first, after=timedelta(hours=1))
    story.step("authorize", cast.dana, first, after=timedelta(minutes=1))
    story.connects(cast.dana, second)
    attempts = attempts_of(cast.acme, Q(user=cast.dana)).attempts
    assert len(attempts) == 3
    longest = max(attempts, key=lambda attempt: len(attempt.lines))
    assert longest.lines[-1].words == "got its next token" and longest.lines[-1].times == 12


def test_a_person_sees_their_own_alone(story: Story, cast: Cast, client: Client) -> None:
    shared = client_of(cast.acme, "Gemini", registration_source="manual")
    story.connects(cast.dana, shared)
    story.connects(cast.bob, shared)
    story.connects(cast.bob, client_of(cast.acme, "Cursor"))
    client.force_login(cast.dana)
    page = client.get(reverse("me:doctor")).content.decode()
    assert page.count("called for the first time") == 1 and "Cursor" not in page and "Bob" not in page
    assert client.get(reverse("doctor:list")).status_code == 403
    client.force_login(cast.charlie)
    assert "Nothing has happened yet" in client.get(reverse("doctor:list")).content.decode()


def test_admins_see_everybody_and_search(story: Story, cast: Cast, client: Client) -> None:
    cursor = client_of(cast.acme, "Cursor")
    story.connects(cast.dana, client_of(cast.acme))
    story.connects(cast.bob, cursor)
    story.step("registered", client=client_of(cast.acme, "Nobody’s"))
    story.step("resource_metadata", after=timedelta(hours=1))
    story.step("token", cast.bob, cursor, problem="reused")
    client.force_login(cast.alice)

    def page(**query: str) -> str:
        return client.get(reverse("doctor:list"), query).content.decode()

    everything = page()
    assert all(word in everything for word in ("Dana", "Bob", "Claude Code", "Cursor", "Nobody’s", "Nobody signed in"))
    assert "Cursor" not in page(q="dana") and "Claude Code" in page(q="dana")
    assert "Claude Code" not in page(q="curs")
    assert "somebody may have copied it" in page(show="problems") and "Claude Code" not in page(show="problems")
    assert "A client that did not say its name" in page(show="all")
    assert "Dana" not in page(client=str(cursor.pk)) and "Bob" in page(client=str(cursor.pk))
    assert "Nothing fits" in page(q="nobody of this name")
    for odd in ("x", str(new_id())):
        assert client.get(reverse("doctor:list"), {"cursor": odd}).status_code == 200
    assert client.get(reverse("doctor:list"), {"client": str(new_id())}).status_code == 404


def test_old_steps_are_forgotten(story: Story, cast: Cast) -> None:
    story.at = timezone.now() - timedelta(days=40)
    story.connects(cast.dana, client_of(cast.acme))
    story.at = timezone.now() - timedelta(days=3)
    story.step("refreshed", cast.dana)
    forget_old_steps()
    assert ConnectionStep.objects.get().kind == "refreshed"


def test_the_first_call_of_a_connected_app_is_noted_once(story: Story, cast: Cast) -> None:
    app, _ = connected_app(cast.dana, client_of(cast.acme), story.profile)
    note_first_calls([app.device_id, new_id()])
    note_seen([], [app.device_id])
    note_first_calls([app.device_id])
    step = ConnectionStep.objects.get(kind="first_call")
    assert (step.user, step.application_id, step.profile_id) == (cast.dana, app.application_id, story.profile.pk)
