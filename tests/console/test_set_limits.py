"""Alice sets limits on the pages and over the API; Dana may not; the page says what was reached today."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from django.test import Client
from django.urls import reverse

from audit.models import Event
from connectors.actions.tell_of_limits import forget_limit_counts, tell_of_limits
from connectors.models import Breakers, CallLimit, LimitCount
from harriet.console.setup_file.apply import apply
from harriet.console.setup_file.form import read
from harriet.console.setup_file.limits import limit_parts
from harriet.people.models import Notice
from tests.servers.upstream import TOOLS
from tests.stage.cast import Cast
from tests.stage.connectors import connector, tools
from tests.stage.tokens import device_token, shared_key

pytestmark = pytest.mark.django_db


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_alice_sets_changes_and_removes_a_limit(cast: Cast) -> None:
    alice, url = signed_in(cast.alice), reverse("limits:new", args=["person"])
    assert "Shared key" in alice.get(reverse("limits:choose")).content.decode()
    nothing = alice.post(url, {"counts": "calls", "at_limit": "refuse"})
    assert nothing.status_code == 400
    assert "Say how many calls a minute, how many a day, or both." in nothing.content.decode()
    dana = cast.acme.memberships.get(user=cast.dana)
    sent = {"subject": str(dana.pk), "counts": "writes", "per_day": "20", "at_limit": "hold"}
    assert alice.post(url, sent).status_code == 302
    limit = CallLimit.objects.get()
    assert (limit.person, limit.per_minute, limit.per_day, limit.at_limit) == (dana, None, 20, "hold")
    again = alice.post(url, sent)
    assert "There is such a limit already" in again.content.decode()
    assert "dana@acme.test" in alice.get(reverse("limits:list")).content.decode()
    change = reverse("limits:detail", args=[limit.pk])
    assert alice.post(change, {"per_minute": "5", "per_day": "", "at_limit": "refuse"}).status_code == 302
    limit.refresh_from_db()
    assert (limit.per_minute, limit.per_day, limit.at_limit) == (5, None, "refuse")
    assert alice.post(reverse("limits:remove", args=[limit.pk])).status_code == 302
    told = [event.sentence for event in Event.objects.filter(code__startswith="limit.").order_by("recorded_at", "id")]
    assert [sentence.partition(" limit of ")[0].split(" ", 1)[1] for sentence in told] == [
        "set the",
        "changed the",
        "removed the",
    ]
    assert "for dana@acme.test: 20 a day, beyond which an approver decides" in told[0]


def test_the_page_says_which_limit_was_reached_for_whom(cast: Cast) -> None:
    limit = CallLimit.objects.create(organization=cast.acme, kind="person", per_minute=5)
    now = datetime.now(UTC)
    today = {"day": now.date(), "turned_away_at": now}
    LimitCount.objects.create(limit=limit, subject_id=cast.dana.pk, turned_away=7, **today)
    page = signed_in(cast.alice).get(reverse("limits:list")).content.decode()
    assert "dana@acme.test" in page
    assert "7 calls refused" in page


def test_what_repeats_itself_and_what_fails_is_a_choice(cast: Cast) -> None:
    echo = tools(connector(cast.acme, "https://crm.acme.test/mcp"), cast.sales, TOOLS)["echo"]
    alice, url = signed_in(cast.alice), reverse("limits:breakers")
    assert 'value="30"' in alice.get(url).content.decode()
    wrong = alice.post(url, {"repeats": "2", "seconds": "60", "at_limit": "refuse"})
    assert "Give a number from 3 to 1,000" in wrong.content.decode()
    sent = {"repeats": "9", "seconds": "10", "at_limit": "hold", "may_repeat": str(echo.pk), "stops_failing": "on"}
    assert alice.post(url, sent).status_code == 302
    kept = Breakers.objects.get()
    assert (kept.repeats, kept.seconds, kept.at_limit, kept.stops_failing) == (9, 10, "hold", True)
    assert list(kept.may_repeat.all()) == [echo]
    assert alice.post(url, {"repeats": "0", "seconds": "10", "at_limit": "hold"}).status_code == 302
    kept.refresh_from_db()
    assert (kept.repeats, kept.stops_failing, kept.may_repeat.count()) == (0, False, 0)


def test_a_program_does_the_same(cast: Cast) -> None:
    echo = tools(connector(cast.acme, "https://crm.acme.test/mcp"), cast.sales, TOOLS)["echo"]
    device_token(cast.acme, cast.dana)
    shared_key(cast.acme, [cast.sales], cast.alice, "Nightly")
    alice, json = signed_in(cast.alice), {"content_type": "application/json"}
    misnamed = alice.post("/api/v1/limits/", {"kind": "tool", "of": str(echo.pk), "per_day": 9}, **json)
    assert misnamed.status_code == 400 and "subject" in misnamed.json()["of"][0]
    assert not CallLimit.objects.exists()
    made = alice.post("/api/v1/limits/", {"kind": "tool", "subject": str(echo.pk), "per_day": 9}, **json)
    assert made.status_code == 201, made.content
    url = f"/api/v1/limits/{made.json()['id']}/"
    assert alice.patch(url, {"per_minute": 3, "per_day": None}, **json).json()["per_minute"] == 3
    assert alice.get("/api/v1/limits/").json()["results"][0]["subject"] == str(echo.pk)
    other = alice.post("/api/v1/limits/", {"kind": "key", "subject": str(echo.pk), "per_day": 9}, **json)
    assert other.status_code == 400
    assert "There is no shared key of this id here." in other.content.decode()
    repeated = {"repeats": 7, "seconds": 60, "at_limit": "refuse", "may_repeat": [str(echo.pk)], "stops_failing": False}
    repeated["counts_reads"] = True
    assert alice.put("/api/v1/limits/repeated/", repeated, **json).json() == repeated
    assert alice.delete(url).status_code == 204
    dana = signed_in(cast.dana)
    for answer in (
        dana.get("/api/v1/limits/"),
        dana.post("/api/v1/limits/", {"kind": "person", "per_day": 9}, **json),
        dana.put("/api/v1/limits/repeated/", repeated, **json),
        dana.get("/api/v1/usage/"),
        dana.get(reverse("limits:list")),
        dana.get(reverse("usage:page")),
        dana.get(reverse("usage:csv")),
    ):
        assert answer.status_code == 403


def test_nobody_limits_what_is_another_organizations(cast: Cast) -> None:
    url = reverse("limits:new", args=["person"])
    charlie = cast.globex.memberships.get(user=cast.charlie)
    sent = {"subject": str(charlie.pk), "counts": "calls", "per_day": "1", "at_limit": "refuse"}
    assert signed_in(cast.alice).post(url, sent).status_code == 400
    theirs = CallLimit.objects.create(organization=cast.globex, kind="person", per_minute=5)
    for name in ("limits:detail", "limits:remove"):
        assert signed_in(cast.alice).post(reverse(name, args=[theirs.pk])).status_code == 404
    assert signed_in(cast.alice).delete(f"/api/v1/limits/{theirs.pk}/").status_code == 404
    assert CallLimit.objects.filter(pk=theirs.pk).exists()


def test_a_set_up_file_holds_limits(cast: Cast) -> None:
    tools(connector(cast.acme, "https://crm.acme.test/mcp"), cast.sales, TOOLS)
    given: dict[str, Any] = {
        "organization": {"slug": "acme", "name": cast.acme.name},
        "limits": [
            {"kind": "person", "per_minute": 60},
            {"kind": "person", "of": "dana@acme.test", "per_day": 500},
            {"kind": "tool", "of": "crm/echo", "counts": "writes", "per_day": 9, "at_limit": "hold"},
            {"kind": "agent", "of": "Nobody", "per_day": 9},
        ],
    }
    report = apply(read(orjson.dumps(given)))
    assert report.lines[-4:-1] == [
        "created  limit of calls per person",
        "created  limit of calls for person dana@acme.test",
        "created  limit of writes for tool crm/echo",
    ]
    assert "There is no agent “Nobody” here." in report.lines[-1]
    kept = limit_parts(cast.acme)
    assert [(part.of, part.per_minute, part.per_day) for part in kept] == [
        ("", 60, None),
        ("dana@acme.test", None, 500),
        ("crm/echo", None, 9),
    ]
    given["limits"] = [{"kind": "person", "per_minute": 90}]
    assert apply(read(orjson.dumps(given))).lines[-1] == "changed  limit of calls per person"


def test_owners_and_admins_hear_once_a_day_of_a_limit_that_is_reached(cast: Cast) -> None:
    limit = CallLimit.objects.create(organization=cast.acme, kind="person", per_minute=5)
    now = datetime.now(UTC)
    LimitCount.objects.create(limit=limit, subject_id=cast.dana.pk, day=now.date(), turned_away=7, turned_away_at=now)
    old = now.date() - timedelta(days=30)
    LimitCount.objects.create(limit=limit, subject_id=cast.dana.pk, day=old, turned_away=7, turned_away_at=now)
    assert tell_of_limits() == 1
    assert tell_of_limits() == 0
    notice = Notice.objects.get(kind="limit_reached", user=cast.alice)
    assert notice.text == (
        "Today calls were beyond the limit of calls for each person: 5 a minute. The page of limits says whose."
    )
    assert not Notice.objects.filter(kind="limit_reached", user=cast.dana).exists()
    assert forget_limit_counts() == 1
