"""Finding things in the audit log, as an auditor does in March: one row a call, filters, saved filters, files."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import audit.looking
import audit.queries
from audit.actor import Actor, Label
from audit.events import CALL_HELD, CALL_INTENT, CALL_OUTCOME
from audit.models import RARE, Event
from audit.queries import EventFilters, EventPage, event_page, events_of
from audit.vocabulary.words import DECISIONS, OUTCOMES
from harriet.lib.ids import new_id
from harriet.people.models import SavedFilter
from harriet.people.roles import Role
from tests.audit.test_read_log import alice, as_member, page, remember_call
from tests.stage.cast import Cast
from tests.stage.events import ACME, CRM, DANA, LAPTOP, SEARCH, call_event, remember, tamper

__all__ = ["alice"]
pytestmark = pytest.mark.django_db

TICKET = Label(new_id(), "#7")


def rows_of(text: str) -> list[str]:
    return text.split("<tbody>")[1].split("</tbody>")[0].split("<tr>")[1:] if "<tbody>" in text else []


def held_call(cast: Cast, *codes: str, **more: Any) -> None:
    """As the gateway and those who decide write it: one request, one ticket."""
    told = {"request_id": new_id(), "ticket": TICKET, "client": "Claude Code 2.1"} | more
    bob = Actor("person", cast.bob.pk, "bob@acme.test")
    for code in codes:
        words = {CALL_HELD: {"decision": "hold"}, CALL_OUTCOME: {"outcome": "ok"}, "action.approved": {"actor": bob}}
        remember_call(cast, code=code, **told, **words.get(code, {}))


def test_a_held_call_is_one_row_with_its_steps_and_its_end(cast: Cast, alice: Client) -> None:
    tamper("DELETE FROM audit_event")
    held_call(cast, CALL_HELD, "action.approved", CALL_INTENT, CALL_OUTCOME, "action.collected")
    (row,) = rows_of(page(alice))
    assert "5 steps" in row
    assert "Dana with Claude Code 2.1 on Dana&#x27;s laptop called search_customers on CRM." in row
    assert ">Succeeded</span>" in row
    assert "Held, approved before" in row
    assert (
        row.index("which waits for approval") < row.index("bob@acme.test approved") < row.index("collected the result")
    )


def test_a_call_stands_on_one_page_alone(cast: Cast) -> None:
    tamper("DELETE FROM audit_event")
    for _ in range(7):
        held_call(cast, CALL_HELD, "action.approved", CALL_INTENT, CALL_OUTCOME)
    seen, cursor = [], ""
    for _ in range(10):
        found = event_page(cast.acme.pk, EventFilters(), cursor, 3, is_by_call=True)
        seen += [event.request_id for event in found.events]
        cursor = found.older
        if not cursor:
            break
    assert len(seen) == len(set(seen)) == 7


def test_what_a_sync_found_is_one_row(cast: Cast, alice: Client) -> None:
    tamper("DELETE FROM audit_event")
    request = new_id()
    for number in range(22):
        remember("tool.found", cast.acme.pk, request_id=request, tool=Label(new_id(), f"tool_{number}"))
    remember("connector.synced", cast.acme.pk, request_id=request, summary="22 tools: 22 new (disabled).")
    (row,) = rows_of(page(alice))
    assert "synced CRM: 22 tools: 22 new (disabled)." in row
    assert "23 events of one sync" in row
    assert "15 before these" in row


def test_events_of_no_call_stay_rows_of_their_own(cast: Cast, alice: Client) -> None:
    tamper("DELETE FROM audit_event")
    request = new_id()
    for _ in range(3):
        remember("connector.paused", cast.acme.pk, request_id=request, reason="Maintenance.")
    assert len(rows_of(page(alice))) == 3


@pytest.fixture
def a_day(cast: Cast) -> None:
    """Two people, two devices, two clients, one ticket."""
    tamper("DELETE FROM audit_event")
    held_call(cast, CALL_HELD)
    phone = Label(new_id(), "100%_phone")
    remember_call(cast, device=phone, client='Curs"or\\ 3', tool=Label(new_id(), "read_page"), reason="A “ß” and 50 %.")
    bob = Label(cast.bob.pk, "Bob")
    remember_call(
        cast, person=bob, device=Label(new_id(), "Bob's desk"), client="claude-code 1", tool=Label(new_id(), "x_y")
    )


FOUND: list[tuple[dict[str, str], list[str]]] = [
    ({"device": "its id"}, ["search_customers"]),
    ({"device": "dana's LAPTOP"}, ["search_customers"]),
    ({"device": "100%_phone"}, ["read_page"]),
    ({"device": "%"}, []),
    ({"client": "claude"}, ["search_customers", "x_y"]),
    ({"client": "Claude Code"}, ["search_customers"]),
    ({"client": 'curs"or\\'}, ["read_page"]),
    ({"client": "code"}, []),
    ({"ticket": "#7"}, ["search_customers"]),
    ({"ticket": "7"}, ["search_customers"]),
    ({"ticket": "77"}, []),
    ({"text": "ß 50"}, ["read_page"]),
    ({"text": "READ_PAGE"}, ["read_page"]),
    ({"text": "readxpage"}, []),
    ({"text": "waits approval"}, ["search_customers"]),
    ({"text": "held"}, ["search_customers"]),
    ({"text": "Bob's", "client": "claude"}, ["x_y"]),
    ({"person": "bob"}, ["x_y"]),
    ({"person": "bob", "device": "its id"}, []),
    ({"code": CALL_HELD}, ["search_customers"]),
]


@pytest.mark.usefixtures("a_day")
@pytest.mark.parametrize(("query", "tools"), FOUND, ids=lambda value: str(value))
def test_the_log_is_found_by(cast: Cast, alice: Client, query: dict[str, str], tools: list[str]) -> None:
    ids = {"its id": str(LAPTOP.id), "bob": str(cast.bob.pk)}
    query = {name: ids.get(value, value) for name, value in query.items()}
    text = "".join(rows_of(alice.get(reverse("audit:list"), query).content.decode()))
    assert [tool for tool in ("search_customers", "read_page", "x_y") if tool in text] == tools


def test_a_search_says_how_far_back_it_went_and_goes_on_from_there(
    cast: Cast, alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    tamper("DELETE FROM audit_event")
    remember_call(cast, reason="The needle.")
    for _ in range(12):
        remember_call(cast)
    monkeypatch.setattr(audit.queries, "MOST_SEARCHED", 5)
    steps, cursor, found = 0, "", list[Event]()
    while True:
        searched = event_page(cast.acme.pk, EventFilters(text="needle"), cursor)
        found, steps, cursor = [*found, *searched.events], steps + 1, searched.older
        assert bool(searched.searched_to) is bool(cursor)
        if not cursor:
            break
    assert ([event.fields["reason"] for event in found], steps) == (["The needle."], 3)
    text = page(alice, text="needle")
    assert "Nothing found so far" in text
    assert "Looked back to" in text
    on = text.split('">Go on from there')[0].rpartition('href="')[2].replace("&amp;", "&")
    assert "Nothing found so far" in alice.get(on).content.decode()
    exported = b"".join(alice.get(reverse("audit:export"), {"text": "needle"}))  # type: ignore[arg-type]
    assert exported.count(b"The needle.") >= 1, "a file holds all, however long that takes"


def test_of_two_filters_the_index_that_finds_less_is_followed(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    rare = remember_call(cast, tool=Label(new_id(), "seldom"))
    for _ in range(40):
        remember_call(cast)
    monkeypatch.setattr(audit.queries, "MOST_SEARCHED", 8)
    monkeypatch.setattr(audit.looking, "_PROBED", 4)
    found = event_page(cast.acme.pk, EventFilters(person=cast.dana.pk, tool=rare.tool_id, code=CALL_INTENT))
    assert ([event.id for event in found.events], found.older) == ([rare.id], "")


INDEXED: list[dict[str, Any]] = [
    {},
    {"person": DANA.id},
    {"connector": CRM.id},
    {"tool": SEARCH.id},
    {"request": new_id()},
    {"code": CALL_INTENT},
    *({"decision": word} for word in RARE["decision"]),
    *({"outcome": word} for word in RARE["outcome"]),
]


@pytest.mark.parametrize("filters", INDEXED, ids=lambda filters: "-".join(filters) or "none")
def test_an_index_finds_these_in_the_order_of_time(filters: dict[str, Any]) -> None:
    (lane,) = EventFilters(**filters).lanes(ACME)
    with connection.cursor() as cursor:
        for way in ("seqscan", "bitmapscan", "sort"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
        plan = Event.objects.filter(**lane).order_by("-recorded_at", "-id")[:10].explain()
    assert "Presorted Key: recorded_at" in plan.replace("audit_event.", "")
    assert "Filter" not in plan.replace(f"Filter: (organization_id = '{ACME}'::uuid)", "")


def test_looking_leaves_the_planner_as_it_was(cast: Cast) -> None:
    event_page(cast.acme.pk, EventFilters(person=cast.dana.pk, code=CALL_INTENT), is_by_call=True)
    with connection.cursor() as cursor:
        for way in ("bitmapscan", "sort"):
            cursor.execute(f"SHOW enable_{way}")
            assert cursor.fetchone() == ("on",)


def test_a_rare_word_is_each_that_most_calls_are_not() -> None:
    assert {*RARE["decision"]} == {*DECISIONS} - {"run"}
    assert {*RARE["outcome"]} == {*OUTCOMES} - {"ok"}


@given(st.data())
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_pages_of_any_search_hold_everything_once_in_both_directions(data: st.DataObject) -> None:
    home, requests = new_id(), [new_id() for _ in range(4)]
    of_calls = [(CALL_HELD, "hold", ""), (CALL_INTENT, "run", ""), (CALL_OUTCOME, "", "ok")]
    kinds = st.sampled_from([*of_calls, ("x.y", "", "")])
    rows = data.draw(st.lists(st.tuples(kinds, st.sampled_from(requests), st.integers(0, 6)), max_size=30))
    for (code, decision, outcome), request, second in rows:
        event = call_event(code, home, request_id=request, decision=decision, outcome=outcome)
        at = timezone.now() - timedelta(days=1) + timedelta(seconds=second)
        Event.objects.create(**{**event._asdict(), "body": event.body.decode(), "recorded_at": at})
    filters = EventFilters(**data.draw(st.sampled_from([{}, {"decision": "run"}, {"tool": SEARCH.id, "text": "crm"}])))
    every = sorted(events_of(home, filters), key=lambda event: (event.recorded_at, event.id), reverse=True)
    expected, told = [], set()
    for event in every:
        if event.code == "x.y" or event.request_id not in told:
            expected.append(event.id)
            told |= {event.request_id} if event.code != "x.y" else set()
    with mock.patch.object(audit.queries, "MOST_SEARCHED", 7):
        down, up, page, cursor = [], [], EventPage([], "", ""), ""
        while page := event_page(home, filters, cursor, 2, is_by_call=True):
            down += [event.id for event in page.events]
            if not page.older:
                break
            cursor = page.older
        up = [event.id for event in page.events]
        while cursor := page.newer:
            page = event_page(home, filters, cursor, 2, is_by_call=True)
            up = [event.id for event in page.events] + up
    assert down == up == expected


WRONG = [
    ({"since": "31.3.2026"}, "Give a day as 2026-03-31"),
    ({"until": "2026-02-30"}, "Give a day as 2026-03-31"),
    ({"since": "2026-03-31", "until": "2026-03-01"}, "This day lies before the first"),
    ({"ticket": "seven"}, "Give the number of a ticket"),
    ({"person": "Erin"}, "and choose it"),
    ({"connector": "ERP"}, "Search for the connector by its name"),
    ({"tool": "nothing"}, "Search for the tool by its name"),
    ({"outcome": "great"}, "Choose one of the list"),
]


@pytest.mark.parametrize(("query", "said"), WRONG, ids=lambda value: str(value))
def test_what_cannot_be_read_is_said_beside_it_and_exports_nothing(
    cast: Cast, alice: Client, query: dict[str, str], said: str
) -> None:
    remember_call(cast)
    text = page(alice, **query)
    assert said in text
    assert "What can&#x27;t be read filters nothing" in text or "What can't be read filters nothing" in text
    for name in ("audit:export", "audit:export_csv"):
        answer = alice.get(reverse(name), query, follow=True)
        assert "Nothing was exported" in answer.content.decode()
    assert not Event.objects.filter(code="audit.exported").exists()


def table_of(answer: Any) -> Iterator[dict[str, str]]:
    return csv.DictReader(io.StringIO(b"".join(answer).decode("utf-8-sig")))


def test_a_spreadsheet_computes_nothing_of_what_a_client_wrote(cast: Cast, alice: Client) -> None:
    tamper("DELETE FROM audit_event")
    plain = ('=HYPERLINK("http://x")', "+1", "-1", "@SUM(A1)", "\tx", " =1", 'fine, "quoted"\nand more')
    hidden = ("\u200b=1", "\u00a0+1", "\uff1d1", "plain;=1")  # unseen, wide, and behind what separates elsewhere
    for text in (*plain, *hidden):
        remember_call(cast, client=text, tool=Label(new_id(), text))
    remember_call(cast, device=LAPTOP, ticket=TICKET, client="Claude", reason="Because.")
    answer = alice.get(reverse("audit:export_csv"), {"code": CALL_INTENT})
    assert answer["Content-Disposition"].endswith('.csv"')
    text = b"".join(answer)
    rows = list(table_of([text]))
    assert len(rows) == 12 and b'"plain;=1"' in text
    begins = ("=", "+", "-", "@", "\t", "\uff1d")
    assert not [cell for row in rows for cell in row.values() if cell.lstrip("\u200b\u00a0 ")[:1] in begins]
    first = rows[0]
    assert (first["person"], first["device"], first["client"], first["ticket"]) == (
        "Dana",
        LAPTOP.label,
        "Claude",
        "#7",
    )
    assert first["what happened"].startswith("Dana with Claude")


def test_an_export_is_told_of_in_words(cast: Cast, alice: Client) -> None:
    remember_call(cast)
    query = {"person": str(cast.dana.pk), "code": CALL_INTENT, "since": "2026-01-01"}
    b"".join(alice.get(reverse("audit:export_csv"), query))  # type: ignore[arg-type]
    said = Event.objects.get(code="audit.exported").sentence
    assert "event call.intent, from 2026-01-01" in said
    assert "=" not in said


def test_filters_are_saved_under_a_name_for_oneself(cast: Cast, alice: Client) -> None:
    remember_call(cast)
    saved = alice.post(reverse("audit:save_filter"), {"name": "March", "query": "decision=refuse"}, follow=True)
    assert saved.redirect_chain[-1][0].endswith("?decision=refuse")
    assert '?decision=refuse"><bdi>March</bdi>' in page(alice)
    auditor = as_member(cast, Role.AUDITOR)
    assert "March" not in page(auditor)
    kept = SavedFilter.objects.get()
    auditor.post(reverse("audit:forget_filter", args=[kept.pk]))
    assert SavedFilter.objects.filter(pk=kept.pk).exists()
    alice.post(reverse("audit:forget_filter", args=[kept.pk]))
    assert not SavedFilter.objects.exists()
    assert not Event.objects.filter(code__contains="filter").exists(), "they are private"


@pytest.mark.parametrize(
    ("name", "query", "said"),
    [
        ("", "decision=refuse", "Give it a name"),
        ("March", "", "choose a filter first"),
        ("x", "text=" + "y" * 3000, "too long"),
    ],
)
def test_a_filter_that_cannot_be_saved_says_why(alice: Client, name: str, query: str, said: str) -> None:
    told = alice.post(reverse("audit:save_filter"), {"name": name, "query": query}, follow=True).content.decode()
    assert said in told
    assert not SavedFilter.objects.exists()


def test_an_open_page_hears_of_what_came_since_and_keeps_what_one_reads(cast: Cast, alice: Client) -> None:
    remember_call(cast)
    address = page(alice, code=CALL_INTENT).split('id="live" hx-get="')[1].split('"')[0].replace("&amp;", "&")
    quiet = alice.get(address, headers={"hx-request": "true", "hx-target": "live"}).content.decode()
    assert quiet.strip() == ""
    for _ in range(3):
        remember_call(cast)
    remember_call(cast, code=CALL_OUTCOME, outcome="ok")  # not what is filtered for
    said = alice.get(address, headers={"hx-request": "true", "hx-target": "live"}).content.decode()
    assert "3 new events" in said
    assert "<table" not in said
    assert "seen=" not in said, "the link leads to the log as it is then"


@pytest.mark.parametrize("query", [{}, {"text": "dana"}, {"device": "Dana's laptop"}, {"person": "dana"}])
def test_three_thousand_events_stay_a_light_page(
    cast: Cast, alice: Client, django_assert_max_num_queries: Any, query: dict[str, str]
) -> None:
    dana, rows = Label(cast.dana.pk, "dana@acme.test"), []
    for number in range(1500):
        request, at = new_id(), timezone.now() - timedelta(minutes=number)
        for code, told in ((CALL_INTENT, {"decision": "run"}), (CALL_OUTCOME, {"outcome": "ok"})):
            new = call_event(code, cast.acme.pk, person=dana, request_id=request, client="Claude Code 2.1", **told)
            rows.append(Event(**{**new._asdict(), "body": new.body.decode(), "recorded_at": at}))
    Event.objects.bulk_create(rows, batch_size=1000)
    query = query | ({"person": str(cast.dana.pk)} if "person" in query else {})
    with django_assert_max_num_queries(15):
        text = page(alice, **query)
    assert len(text.encode()) < 100_000
    assert CRM.label in text
