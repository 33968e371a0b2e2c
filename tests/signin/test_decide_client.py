"""Alice sees which AI clients people use, allows and blocks them; one that registers again and again is one line."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from harriet.people.errors import NotAllowed
from harriet.people.models import Notice, Organization
from harriet.signin.actions.decide_client import allow_client, block_client
from harriet.signin.actions.forget_old import forget_unused_clients
from harriet.signin.actions.tell_of_waiting_client import tell_of_waiting_client
from harriet.signin.models import Application, ConnectedApp
from harriet.signin.new_clients import decide_standing
from harriet.signin.queries import client_of as newest_of
from harriet.signin.queries import clients_of
from tests.stage.cast import Cast
from tests.stage.connected_apps import client_of, connected_app
from tests.stage.profiles import profile

pytestmark = pytest.mark.django_db


def again(cast: Cast, port: int, **facts: Any) -> Application:
    """The same client, on another port of the person's own machine."""
    facts = {"first_user": cast.dana, **facts}
    made = client_of(cast.acme, "Claude", redirect_uris=f"http://127.0.0.1:{port}/callback", **facts)
    decide_standing(made, cast.acme)
    return made


def page_of(client: Client, cast: Cast, name: str = "clients:list", **query: str) -> str:
    client.force_login(cast.alice)
    return client.get(reverse(name), query).content.decode()


def test_registered_sixteen_times_is_one_line(cast: Cast, client: Client) -> None:
    work = profile(cast.acme, groups=[cast.sales])
    made = [again(cast, 40_000 + number) for number in range(16)]
    connected_app(cast.dana, made[3], work)
    client_of(cast.acme, "Claude", redirect_uris="https://claude.ai/api/mcp/auth_callback", first_user=cast.bob)

    page = page_of(client, cast)

    assert page.count("registered 16 times by Dana") == 1
    assert clients_of(cast.acme).count() == 2, "with another redirect it is another client"
    assert "a program on this computer" in page and "claude.ai" in page
    detail = page_of(client, cast, "clients:list", q="nothing of the kind")
    assert "Nothing matches" in detail
    one = client.get(reverse("clients:detail", args=[made[0].pk])).content.decode()
    assert "Dana" in one and "Look things up; Change things" in one, "whichever registration was asked for"


def test_blocking_ends_what_all_registrations_had(cast: Cast, client: Client) -> None:
    work = profile(cast.acme, groups=[cast.sales])
    made = [again(cast, 40_000 + number) for number in range(3)]
    apps = [connected_app(cast.dana, made[0], work)[0], connected_app(cast.bob, made[1], work)[0]]
    client.force_login(cast.alice)

    answer = client.post(reverse("clients:block", args=[made[1].pk]), follow=True).content.decode()

    assert "Claude was blocked; 2 connected apps ended" in answer and "Allow it" in answer
    assert not ConnectedApp.objects.filter(pk__in=[app.pk for app in apps], ended_at=None).exists()
    assert set(Application.objects.values_list("standing", flat=True)) == {"blocked"}
    assert Event.objects.get(code="client.blocked").sentence.endswith(
        "blocked the AI client Claude. 2 connected apps ended."
    )
    assert again(cast, 50_000).standing == "blocked", "registering anew is no way around it"
    client.post(reverse("clients:block", args=[made[1].pk]))
    assert Event.objects.filter(code="client.blocked").count() == 1, "what is blocked already is not blocked again"


def test_new_clients_wait_when_the_organization_wants_it(cast: Cast, client: Client) -> None:
    Organization.objects.filter(pk=cast.acme.pk).update(new_clients="waiting")
    cast.acme.refresh_from_db()
    waiting = again(cast, 40_000, first_user=None)
    assert waiting.standing == "waiting"

    for person in (cast.dana, cast.bob, cast.dana):
        tell_of_waiting_client(waiting, person)
    tell_of_waiting_client(again(cast, 41_000, first_user=None), cast.dana)

    told = Notice.objects.get(user=cast.alice)
    assert told.kind == "client_waits" and told.text.startswith("Dana wants to use the AI client “Claude”")
    assert not Notice.objects.filter(user=cast.bob).exists(), "approvers don't decide about clients"
    assert "Wait for you" in page_of(client, cast) and "Claude" in page_of(client, cast, show="waiting")

    allow_client(newest_of(cast.acme, waiting.pk), actor=cast.actor(cast.alice))

    told.refresh_from_db()
    assert told.settled_at is not None
    answers = Notice.objects.filter(kind="answers")
    assert {line.user for line in answers} == {cast.dana, cast.bob}, "whoever tried hears of it"
    assert again(cast, 42_000).standing == "allowed", "it is known now, however often it registers"


def test_what_is_used_already_goes_on_when_new_ones_wait(cast: Cast) -> None:
    known = again(cast, 40_000)
    Organization.objects.filter(pk=cast.acme.pk).update(new_clients="waiting")
    cast.acme.refresh_from_db()
    assert known.standing == again(cast, 41_000).standing == "allowed"
    elsewhere = client_of(cast.acme, "Claude", redirect_uris="https://evil.example/callback")
    decide_standing(elsewhere, cast.acme)
    assert elsewhere.standing == "waiting", "the same name with another address is another client"


@pytest.mark.parametrize("act", [allow_client, block_client])
def test_only_who_manages_tokens_decides(cast: Cast, client: Client, act: Any) -> None:
    made = again(cast, 40_000)
    for person in (cast.bob, cast.dana, cast.charlie):
        with pytest.raises(NotAllowed):
            act(made, actor=cast.actor(person))
    client.force_login(cast.charlie)
    for name in ("detail", "allow", "block"):
        way = client.get if name == "detail" else client.post
        assert way(reverse(f"clients:{name}", args=[made.pk])).status_code == 404
    client.force_login(cast.bob)
    assert "Block it" not in client.get(reverse("clients:detail", args=[made.pk])).content.decode()
    assert client.post(reverse("clients:block", args=[made.pk])).status_code == 403


def test_forget_what_nobody_ever_used(cast: Cast) -> None:
    past, later = timezone.now() - timedelta(minutes=1), timezone.now() + timedelta(days=1)
    unused = again(cast, 40_000, expires_at=past, first_user=None)
    kept = [
        again(cast, 41_000, expires_at=later),
        again(cast, 42_000),
        client_of(cast.acme, "Bad", expires_at=past, standing="blocked"),
    ]
    forget_unused_clients()
    assert not Application.objects.filter(pk=unused.pk).exists()
    assert Application.objects.filter(pk__in=[one.pk for one in kept]).count() == 3
