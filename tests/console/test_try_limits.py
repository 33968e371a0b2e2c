"""Before a limit is set or changed Alice reads what it would have done to the last thirty days, as far as is kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.models import CallUsage
from connectors.models import CallLimit, Connector, Tool
from tests.stage.cast import Cast
from tests.stage.connectors import connector, tools

pytestmark = pytest.mark.django_db
Of = CallUsage.Of
TOOLS: list[dict[str, Any]] = [{"name": "find_deal", "annotations": {"readOnlyHint": True}}, {"name": "update_deal"}]


class Kept:
    """Counts of the last days, as the worker keeps them."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.crm: Connector = connector(cast.acme, "https://crm.acme.test/mcp")
        self.tools: dict[str, Tool] = tools(self.crm, cast.sales, TOOLS)
        Tool.objects.filter(name="find_deal").update(risk_proposed="read_only")
        Tool.objects.filter(name="update_deal").update(risk_proposed="moderate")

    def called(self, who: Any, days_ago: int, calls: int, tool: str = "find_deal", organization: Any = None) -> None:
        of = organization or self.cast.acme
        day = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=days_ago)
        ids = {"connector_id": self.crm.pk, "tool_id": self.tools[tool].pk}
        counts = {"succeeded": calls - 1, "of_upstream": 1, "refused": 100, "held": 100}
        row = {"organization_id": of.pk, "since": day, **counts}
        CallUsage.objects.create(of=Of.PERSON, person_id=who.pk, **row)
        CallUsage.objects.create(of=Of.EACH, person_id=who.pk, **ids, **row)
        CallUsage.objects.create(of=Of.TOOL, **ids, **row)


@pytest.fixture
def kept(cast: Cast) -> Kept:
    return Kept(cast)


def alice_of(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.alice)
    return client


def looked(kept: Kept, kind: str, **given: Any) -> str:
    sent = {"subject": "", "counts": "calls", "per_minute": "", "per_day": "", "at_limit": "refuse", "do": "look"}
    answer = alice_of(kept.cast).post(reverse("limits:new", args=[kind]), sent | given)
    assert answer.status_code == 200, "looking is no fault"
    assert not CallLimit.objects.exists(), "and sets nothing"
    return " ".join(answer.content.decode().split())


def test_it_is_said_on_how_many_days_it_would_have_been_reached_and_by_whom(kept: Kept) -> None:
    dana, bob = kept.cast.dana, kept.cast.bob
    kept.called(dana, 1, 412)
    kept.called(dana, 2, 101)
    kept.called(bob, 2, 120, "update_deal")
    kept.called(bob, 3, 100)
    kept.called(bob, 31, 5000)
    kept.called(kept.cast.charlie, 1, 9000, organization=kept.cast.globex)
    page = looked(kept, "person", per_day="100")
    assert "333 calls would have been beyond it, on 2 of the last 30 days, by 2 people." in page
    assert "The busiest day of one person had 412 calls." in page
    assert "those that were refused then are not among them" in page
    assert "It would have been reached on none of the last 30 days." in looked(kept, "person", per_day="412")
    writes = looked(kept, "person", per_day="100", counts="writes")
    assert "20 calls would have been beyond it, on 1 of the last 30 days, by 1 person." in writes
    assert "told by the risk that their tools have today" in writes
    one = looked(kept, "person", per_day="100", subject=str(kept.cast.acme.memberships.get(user=dana).pk))
    assert "313 calls would have been beyond it, on 2 of the last 30 days. The busiest day had 412 calls." in one
    tool = looked(kept, "tool", per_day="400", subject=str(kept.tools["update_deal"].pk))
    assert "The busiest day had 120 calls." in tool
    agent = looked(kept, "agent", per_day="1")
    assert "Nothing that it concerns was called in the last 30 days" in agent


def test_what_is_not_kept_is_not_told(kept: Kept) -> None:
    kept.called(kept.cast.dana, 1, 50)
    minutes = looked(kept, "person", per_minute="5")
    assert "How many calls come within a minute is not kept" in minutes
    assert "beyond it, on" not in minutes
    assert "How much each device calls is not kept" in looked(kept, "device", per_day="5")


def test_a_limit_that_there_is_is_tried_with_other_numbers_and_stays(kept: Kept) -> None:
    kept.called(kept.cast.dana, 0, 10)
    limit = CallLimit.objects.create(organization=kept.cast.acme, kind="person", per_day=9)
    alice, change = alice_of(kept.cast), reverse("limits:detail", args=[limit.pk])
    assert "1 call would have been beyond it, on 1 of the last 30 days" in alice.get(change).content.decode()
    sent = {"per_minute": "", "per_day": "4", "at_limit": "refuse", "do": "look"}
    assert "6 calls would have been beyond it" in alice.post(change, sent).content.decode()
    wrong = alice.post(change, sent | {"per_day": ""})
    assert (wrong.status_code, "Say how many calls a minute" in wrong.content.decode()) == (400, True)
    limit.refresh_from_db()
    assert limit.per_day == 9
    theirs = CallLimit.objects.create(organization=kept.cast.globex, kind="person", per_day=9)
    assert alice.post(reverse("limits:detail", args=[theirs.pk]), sent).status_code == 404


def test_looking_is_one_question_whatever_there_is(kept: Kept) -> None:
    day = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    people = [kept.cast.dana.pk, kept.cast.bob.pk, kept.cast.alice.pk]
    CallUsage.objects.bulk_create(
        CallUsage(
            organization_id=kept.cast.acme.pk, of=Of.PERSON, since=day - timedelta(days=ago), person_id=who, succeeded=9
        )
        for ago in range(30)
        for who in people
    )
    with CaptureQueriesContext(connection) as asked:
        page = looked(kept, "person", per_day="8")
    counting = [query["sql"] for query in asked.captured_queries if "audit_callusage" in query["sql"]]
    assert len(counting) == 1
    assert "90 calls would have been beyond it, on 30 of the last 30 days, by 3 people." in page
