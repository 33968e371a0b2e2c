"""Dana sees what her own clients called and how much of her limits is used; nothing of anybody else's."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.actor import Label
from audit.chain.sealing import seal_everything
from audit.events import CALL_HELD, CALL_OUTCOME, CALL_REFUSED
from audit.usage_counting import count_usage
from connectors.models import CallLimit, LimitCount, Tool
from harriet.people.models import Device
from tests.stage.cast import Cast
from tests.stage.connectors import connector, tool
from tests.stage.events import remember
from tests.stage.profiles import profile
from tests.stage.tokens import device_token

pytestmark = pytest.mark.django_db
Kind = CallLimit.Kind


class Acme:
    """Dana may call two tools; a third is nobody's."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.crm = connector(cast.acme, "https://crm.acme.test/mcp")
        self.find = tool(self.crm, {"name": "find_deal"}, cast.sales)
        self.write = tool(self.crm, {"name": "update_deal"}, cast.sales)
        self.secret = tool(self.crm, {"name": "fire_everybody"})
        profile(cast.acme, self.crm, groups=[cast.sales])
        device_token(cast.acme, cast.dana)
        self.laptop = Device.objects.get(user=cast.dana)

    def called(self, what: Tool, who: Any, code: str = CALL_OUTCOME, **more: Any) -> None:
        named = {"tool": Label(what.pk, what.name), "connector": Label(self.crm.pk, self.crm.name)}
        told = {"client": "Claude Code 2"} | more
        remember(code, self.cast.acme.pk, person=Label(who.pk, who.email), **named, **told)

    def limit(self, kind: str, per_day: int | None = None, **more: Any) -> CallLimit:
        return CallLimit.objects.create(organization=self.cast.acme, kind=kind, per_day=per_day, **more)

    def count(self, limit: CallLimit, subject: Any, calls: int) -> None:
        LimitCount.objects.create(limit=limit, subject_id=subject.pk, day=datetime.now(UTC).date(), calls=calls)


@pytest.fixture
def acme(cast: Cast) -> Acme:
    return Acme(cast)


def counted() -> None:
    seal_everything()
    count_usage()


def read(user: Any, **query: Any) -> str:
    client = Client()
    client.force_login(user)
    answer = client.get(reverse("me:usage"), query)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_she_reads_her_own_calls_by_tool_and_client_and_nobody_elses(acme: Acme) -> None:
    dana, bob = acme.cast.dana, acme.cast.bob
    for _ in range(3):
        acme.called(acme.find, dana, outcome="ok")
    acme.called(acme.write, dana, outcome="error", origin="upstream")
    acme.called(acme.write, dana, CALL_HELD, reason="It waits.")
    acme.called(acme.secret, dana, CALL_REFUSED, reason="No.", decision="refuse")
    for _ in range(40):
        acme.called(acme.find, bob, outcome="ok", client="Bob's client")
    counted()
    page = read(dana)
    assert '<dd>5</dd><dd class="soft">3 succeeded, 1 held for approval</dd>' in page
    assert "find_deal" in page and "update_deal" in page
    assert "fire_everybody" not in page and "One that is not among your tools" in page, "as her activity says it"
    clients = read(dana, by="client", days="1")
    assert "Claude Code 2" in clients and "Bob" not in clients
    for query in ({"person": str(bob.pk)}, {"by": "person"}, {"days": "999", "cursor": "x"}):
        assert "<dd>5</dd>" in read(dana, **query), "whose usage it is, nobody chooses"
    assert "No call of yours in this time" in read(acme.cast.alice)
    assert "No call of yours in this time" in read(acme.cast.charlie), "another organization"


def test_she_reads_how_much_of_each_limit_is_used_and_of_shared_ones_whether(acme: Acme) -> None:
    dana, bob = acme.cast.dana, acme.cast.bob
    member = acme.cast.acme.memberships.get(user=dana)
    mine, each = acme.limit(Kind.PERSON, 100, person=member), acme.limit(Kind.PERSON, 7, counts="writes")
    device = acme.limit(Kind.DEVICE, 50)
    tools, minutes = acme.limit(Kind.TOOL, 1000), acme.limit(Kind.CONNECTOR, per_minute=60, at_limit="hold")
    acme.limit(Kind.PERSON, 3333, person=acme.cast.acme.memberships.get(user=bob))
    acme.limit(Kind.TOOL, 4444, tool=acme.secret)
    CallLimit.objects.create(organization=acme.cast.globex, kind=Kind.PERSON, per_day=5555)
    acme.count(mine, dana, 42)
    acme.count(each, dana, 7)
    acme.count(each, bob, 6)
    acme.count(device, acme.laptop, 12)
    page = read(dana)
    assert "42 of 100 today" in page and "12 of 50 today" in page
    assert page.count("Used up") == 1 and "7 of 7 today" in page
    assert "60 calls a minute, to each connector" in page and "an approver decides on each call" in page
    assert "Not used up" in page and str(minutes.per_minute) in page
    assert not any(other in page for other in ("3333", "4444", "5555", "6 of 7")), "not hers"
    acme.count(tools, acme.find, 1003)
    acme.count(tools, acme.secret, 1004)
    full = read(dana)
    assert "Used up today" in full and "find_deal" in full
    assert "1003" not in full, "what others called is theirs"
    assert "fire_everybody" not in full


def test_many_limits_and_tools_are_some_questions_and_one_page(acme: Acme) -> None:
    for number in range(60):
        one = tool(acme.crm, {"name": f"tool_{number:02}"}, acme.cast.sales)
        acme.limit(Kind.TOOL, 10, tool=one)
        acme.called(one, acme.cast.dana, outcome="ok")
    counted()
    client = Client()
    client.force_login(acme.cast.dana)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        page = client.get(reverse("me:usage")).content.decode()
    assert len(asked) <= 16
    assert page.count('data-label="Calls"') == 25
    older = page.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    second = client.get(reverse("me:usage") + older).content.decode()
    assert second.count('data-label="Calls"') == 25
    assert page.count("Shared with everybody") == 50
