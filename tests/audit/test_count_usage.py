"""Usage is counted from sealed calls, each once: who made them, with what, how they ended, and how long they took."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from audit import usage_counting
from audit.actor import Label
from audit.chain.sealing import seal_everything
from audit.events import CALL_HELD, CALL_INTENT, CALL_OUTCOME, CALL_REFUSED
from audit.models import CallUsage, Event, Seal, UsageMark
from audit.usage import Times, Usage, UsageFilters, counted_until, usage_by, usage_over_time, usage_together
from audit.usage_counting import DAYS_KEPT, count_usage, forget_old_usage
from harriet.lib.ids import new_id
from tests.stage.events import ACME, CRM, DANA, GLOBEX, SEARCH, remember

pytestmark = pytest.mark.django_db

BOB, MAIL, SEND = Label(new_id(), "Bob"), Label(new_id(), "Mail"), Label(new_id(), "send_mail")
SINCE = datetime.now(UTC) - timedelta(days=2)
EVERYTHING = UsageFilters()


def call(outcome: str = "ok", harriet: float = 1.0, upstream: float = 40.0, **fields: Any) -> None:
    fields = {"client": "Claude", "person": DANA, "connector": CRM, "tool": SEARCH} | fields
    request = new_id()
    remember(CALL_INTENT, request_id=request, decision="run", **fields)
    took = {"harriet_milliseconds": harriet, "upstream_milliseconds": upstream}
    remember(CALL_OUTCOME, request_id=request, outcome=outcome, **took, **fields)


def story() -> None:
    """Dana's calls by three clients, of which some failed for each reason; Bob's mails, of which one was held."""
    for _ in range(18):
        call()
    call("error", origin="caller", client="Cursor")
    call("error", origin="upstream", upstream=9000.0)
    call("timeout", upstream=120_000.0)
    call("cancelled", client="")
    call("unknown")
    for _ in range(3):
        call(person=BOB, connector=MAIL, tool=SEND)
    remember(CALL_HELD, person=BOB, connector=MAIL, tool=SEND, client="Claude", decision="hold")
    remember(CALL_REFUSED, person=BOB, connector=MAIL, tool=SEND, client="Claude", decision="refuse")
    remember(CALL_REFUSED, person=BOB, connector=None, tool=None, client="Claude", decision="refuse")
    remember(CALL_INTENT, GLOBEX)
    remember("person.role_changed")


def counts(usage: Usage) -> tuple[int, ...]:
    return (usage.succeeded, usage.of_caller, usage.of_harriet, usage.of_upstream, usage.refused, usage.held)


def by(of: str, filters: UsageFilters = EVERYTHING) -> dict[str, tuple[int, ...]]:
    return {usage.label: counts(usage) for usage in usage_by(ACME, of, SINCE, filters).rows}


def test_what_is_counted_is_what_the_log_says() -> None:
    story()
    seal_everything()
    assert count_usage() == 2, "one seal of each organization"
    for _ in range(3):
        call(person=BOB, connector=MAIL, tool=SEND)
    seal_everything()
    assert count_usage() == 1
    assert count_usage() == 0, "each seal once"
    assert by("person") == {"Dana": (18, 2, 1, 2, 0, 0), "Bob": (6, 0, 0, 0, 2, 1)}
    assert by("tool") == {"search_customers": (18, 2, 1, 2, 0, 0), "send_mail": (6, 0, 0, 0, 1, 1)}
    assert by("connector") == {"CRM": (18, 2, 1, 2, 0, 0), "Mail": (6, 0, 0, 0, 1, 1)}
    assert by("client") == {"Claude": (24, 0, 1, 2, 2, 1), "Cursor": (0, 1, 0, 0, 0, 0), "": (0, 1, 0, 0, 0, 0)}
    every = usage_together(ACME, SINCE, EVERYTHING)
    assert counts(every) == (24, 2, 1, 2, 2, 1)
    log = Event.objects.filter(organization_id=ACME)
    assert every.calls == log.filter(code__in=[CALL_OUTCOME, CALL_REFUSED]).count()
    assert every.succeeded == log.filter(code=CALL_OUTCOME, outcome="ok").count()
    assert sum(usage.calls for usage in usage_over_time(ACME, SINCE, EVERYTHING, "hour")) == every.calls
    assert not CallUsage.objects.filter(organization_id=GLOBEX).exists()


def test_filters_narrow_each_list_to_what_belongs_together() -> None:
    story()
    seal_everything()
    count_usage()
    assert by("tool", UsageFilters(person=BOB.id)) == {"send_mail": (3, 0, 0, 0, 1, 1), "": (0, 0, 0, 0, 1, 0)}
    assert by("person", UsageFilters(connector=CRM.id)) == {"Dana": (18, 2, 1, 2, 0, 0)}
    assert by("client", UsageFilters(person=DANA.id, tool=SEARCH.id)).keys() == {"Claude", "Cursor", ""}
    assert by("tool", UsageFilters(connector=MAIL.id)) == {"send_mail": (3, 0, 0, 0, 1, 1)}
    assert counts(usage_together(ACME, SINCE, UsageFilters(client="Cursor"))) == (0, 1, 0, 0, 0, 0)
    assert [usage.calls for usage in usage_over_time(ACME, SINCE, UsageFilters(person=BOB.id), "day")] == [5]


def test_how_long_calls_took_is_told_by_the_bounds_that_they_kept() -> None:
    story()
    seal_everything()
    count_usage()
    every = usage_together(ACME, SINCE, UsageFilters(person=DANA.id))
    assert (every.harriet_time.measured, every.harriet_time.half, every.harriet_time.most) == (23, 1, 1)
    assert (every.upstream_time.half, every.upstream_time.most) == (50, 10_000)
    assert every.upstream_time.mean == pytest.approx((21 * 40 + 9000 + 120_000) / 23)
    dana = next(usage for usage in usage_by(ACME, "person", SINCE, EVERYTHING).rows if usage.label == "Dana")
    assert (dana.upstream_time.half, dana.upstream_time.measured) == (50, 23)
    assert (Times(0, ()).mean, Times(0, ()).half) == (None, None)


def test_lists_go_on_by_cursor_and_old_counts_are_forgotten() -> None:
    for number in range(7):
        for _ in range(number % 3 + 1):
            call(person=Label(new_id(), f"Person {number}"), client=f"Client {number}")
    seal_everything()
    count_usage()
    seen: list[str] = []
    cursor = ""
    while True:
        page = usage_by(ACME, "client", SINCE, EVERYTHING, cursor=cursor, size=2)
        seen += [usage.key for usage in page.rows]
        if not (cursor := page.after):
            break
    assert sorted(seen) == [f"Client {number}" for number in range(7)]
    calls = [usage.calls for usage in usage_by(ACME, "client", SINCE, EVERYTHING).rows]
    assert calls == sorted(calls, reverse=True)
    assert counted_until(ACME) is None, "everything sealed is counted"
    call()
    seal_everything()
    assert counted_until(ACME) == UsageMark.objects.get(pk=ACME).counted_until
    assert forget_old_usage(datetime.now(UTC)) == 0
    assert forget_old_usage(datetime.now(UTC) + DAYS_KEPT + timedelta(days=1)) > 0


def test_a_backlog_is_counted_over_some_turns_and_who_is_behind_longest_comes_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for _ in range(3):
        call()
        seal_everything()
    count_usage()
    for _ in range(4):
        call()
        seal_everything()
    call(organization_id=GLOBEX)
    seal_everything()
    monkeypatch.setattr(usage_counting, "EVENTS_AT_ONCE", 4)
    monkeypatch.setattr(usage_counting, "MOST_EVENTS", 6)
    assert count_usage() == 3, "of the two, one each, until it is enough"
    assert UsageMark.objects.get(pk=GLOBEX).sequence == 1 and usage_together(ACME, SINCE, EVERYTHING).calls == 5
    assert counted_until(ACME) == Seal.objects.get(organization_id=ACME, sequence=5).sealed_at
    assert count_usage() == 2 and counted_until(ACME) is None
    assert usage_together(ACME, SINCE, EVERYTHING).calls == 7, "each once"
