"""The audit page and its API: what Alice and an auditor may read, found by filters that fit in an address."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from audit.actor import Label
from audit.chain.sealing import seal_everything
from audit.events import CALL_INTENT, CALL_OUTCOME, CALL_REFUSED
from audit.models import Checkpoint, Event
from audit.queries import EventFilters, calls_of_tool, event_page
from audit.verification.place import Place, Position, text_of
from audit.verification.verify import verify
from harriet.console.audit.rows import badge_of
from harriet.console.queries import calls_per_day
from harriet.lib.ids import new_id
from harriet.lib.microseconds import microseconds_of
from harriet.people.roles import Role
from tests.stage.cast import Cast
from tests.stage.events import CRM, SEARCH, age, forge, forge_seal, remember, tamper

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(cast: Cast, client: Client) -> Client:
    client.force_login(cast.alice)
    return client


def as_member(cast: Cast, role: Role) -> Client:
    client = Client()
    membership = cast.dana.memberships.get()
    membership.role = role
    membership.save()
    client.force_login(cast.dana)
    return client


def remember_call(cast: Cast, **fields: Any) -> Any:
    dana = Label(cast.dana.pk, "Dana")
    return remember(**({"organization_id": cast.acme.pk, "person": dana} | fields))


def page(client: Client, **query: Any) -> str:
    response = client.get(reverse("audit:list"), query)
    assert response.status_code == 200
    return response.content.decode()


def test_each_event_is_a_sentence(cast: Cast, alice: Client) -> None:
    intent = remember_call(cast, decision="run")
    remember_call(cast, code=CALL_OUTCOME, request_id=intent.request_id, outcome="ok")
    text = page(alice)
    assert "Dana on Dana&#x27;s laptop called search_customers on CRM." in text
    assert "The call of search_customers on CRM by Dana on Dana&#x27;s laptop succeeded." in text
    assert text.index("laptop called") < text.index("laptop succeeded"), "a request reads from its beginning"


def test_an_empty_log_says_what_will_be_here(alice: Client) -> None:
    tamper("DELETE FROM audit_event")
    assert "Nothing has happened yet" in page(alice)


def test_filters_are_an_address(cast: Cast, alice: Client) -> None:
    remember_call(cast)
    refused = remember_call(cast, code=CALL_REFUSED, decision="refuse", outcome="", reason="Not in the group Sales.")
    other = remember_call(cast, connector=Label(new_id(), "Wiki"), tool=Label(new_id(), "read_page"))
    assert "was refused" in page(alice, decision="refuse")
    assert "called" not in page(alice, decision="refuse").split("<tbody>")[1]
    assert "read_page" in page(alice, connector=str(other.connector_id))
    assert "Nothing matches" in page(alice, person=str(cast.bob.pk))
    assert "was refused" in page(alice, request=str(refused.request_id), code=CALL_REFUSED, tool=str(SEARCH.id))
    assert "Nothing matches" in page(alice, until="2001-01-01")
    assert "was refused" in page(alice, since="2001-01-01", person=str(cast.dana.pk))


def test_filters_that_make_no_sense_filter_nothing(cast: Cast, alice: Client) -> None:
    remember_call(cast)
    for query in ({"person": "nobody"}, {"since": "yesterday"}, {"cursor": "zzz"}, {"outcome": "<script>"}):
        assert "search_customers" in page(alice, **query)


def test_people_and_connectors_that_are_gone_keep_their_name(cast: Cast, alice: Client) -> None:
    remember_call(cast, person=Label(new_id(), "Erin"), connector=CRM)
    event = Event.objects.latest("recorded_at")
    assert "<bdi>Erin</bdi>" in page(alice, person=str(event.person_id))
    assert "<bdi>CRM</bdi>" in page(alice, connector=str(CRM.id))


def test_pages_follow_each_other_without_gap_or_repetition(cast: Cast) -> None:
    events = [remember_call(cast, number=number) for number in range(23)]
    age(*events[10:], seconds=10)  # several with the same time
    calls = EventFilters(code=CALL_INTENT)
    everything = list(every_page(cast.acme.pk, calls, size=5))
    assert len(everything) == 23
    assert set(everything) == {event.id for event in events}
    first = event_page(cast.acme.pk, calls, "", 5)
    second = event_page(cast.acme.pk, calls, first.older, 5)
    back = event_page(cast.acme.pk, calls, second.newer, 5)
    assert [event.id for event in back.events] == [event.id for event in first.events]
    assert (first.newer, back.newer) == ("", "")
    third = event_page(cast.acme.pk, calls, second.older, 5)
    again = event_page(cast.acme.pk, calls, third.newer, 5)
    assert [event.id for event in again.events] == [event.id for event in second.events]


def every_page(organization_id: UUID, filters: EventFilters, size: int) -> Iterator[UUID]:
    cursor, is_last = "", False
    while not is_last:
        page = event_page(organization_id, filters, cursor, size)
        yield from (event.id for event in page.events)
        cursor, is_last = page.older, not page.older


def test_an_event_has_a_page_with_its_proof(cast: Cast, alice: Client) -> None:
    event = remember_call(cast, reason="Allowed for Sales.", risk="read_only", fields=["a", "b"])
    address = reverse("audit:detail", args=[event.id])
    assert "not yet sealed" in alice.get(address).content.decode()
    seal_everything()
    text = alice.get(address).content.decode()
    assert "Unchanged and sealed" in text
    assert "Allowed for Sales." in text
    assert "a, b" in text
    tamper("UPDATE audit_event SET outcome = 'ok' WHERE id = %s", event.id)
    assert "outcome is not what its body says" in alice.get(address).content.decode()


def test_hidden_characters_are_shown(cast: Cast, alice: Client) -> None:
    remember_call(cast, tool=Label(new_id(), "mail\u202egnp.exe"), client="<script>alert(1)</script>")
    text = page(alice)
    assert "\u202e" not in text
    assert "<script>alert" not in text


def test_the_badge_tells_what_the_last_verification_found(cast: Cast, alice: Client) -> None:
    assert "Chain not verified yet" in page(alice)
    event = remember_call(cast)
    seal_everything()
    verify(cast.acme.pk)
    assert "Chain verified up to seal 1" in page(alice)
    assert "all of them as of" in page(alice) and "the newest as of" not in page(alice)
    tamper("UPDATE audit_event SET body = body || ' ' WHERE id = %s", event.id)
    verify(cast.acme.pk)
    assert "Chain broken" in page(alice)


def test_the_badge_tells_of_the_newest_events_where_more_is_known_of_them() -> None:
    at = datetime.now(UTC)
    place = text_of(Place(Position(until=microseconds_of(at))))
    told = {
        since: badge_of(Checkpoint(verified_at=at, place=place, whole_since=since)).newest_until
        for since in (None, at - timedelta(hours=1), at)
    }
    assert list(told.values()) == [at, at, None]


@pytest.mark.parametrize("columns", [{}, {"body": "}{"}, {"body": "[]"}, {"recorded_at": "2999-01-01T00:00Z"}])
def test_a_row_that_harriet_did_not_write_is_shown_as_such(cast: Cast, alice: Client, columns: dict[str, Any]) -> None:
    remember_call(cast)
    seal_everything()
    forged = forge(cast.acme.pk, **({"code": CALL_OUTCOME, "outcome": "ok"} | columns))
    seal_everything()
    verify(cast.acme.pk)
    text = page(alice)
    assert "Not an event: this row was not written by Harriet" in text
    assert "1 row from elsewhere" in text
    assert "The chain holds up to seal 1. The event" in text
    detail = alice.get(reverse("audit:detail", args=[forged])).content.decode()
    assert "This event was not written by Harriet" in detail
    assert "Unchanged" not in detail
    told = alice.get(f"/api/v1/audit/{forged}/").json()
    assert (told["body"], "MAC" in told["wrong"]) == ({}, True)
    lines = [json.loads(line) for line in b"".join(alice.get(reverse("audit:export"))).splitlines()]  # type: ignore[arg-type]
    assert [("wrong" in line) for line in lines if line["recorded_at"]].count(True) == 1
    assert sum(day.failed + day.succeeded for day in calls_per_day(cast.acme)) == 0, "it counts for nothing"
    overview = alice.get("/settings/").content.decode()
    assert "Its verification found faults" in overview
    for query in ({"person": str(Event.objects.get(id=forged).person_id)}, {"connector": str(CRM.id)}):
        assert page(alice, **query)


def test_a_forged_seal_proves_nothing(cast: Cast, alice: Client) -> None:
    event = remember_call(cast)
    forge_seal(1, cast.acme.pk, event_ids=[event.id])
    assert "Unchanged and sealed" not in alice.get(reverse("audit:detail", args=[event.id])).content.decode()


def test_verification_can_be_asked_for(alice: Client) -> None:
    response = alice.post(reverse("audit:verify"), follow=True)
    assert "Verification has started" in response.content.decode()
    assert "asked for a verification of the audit log" in response.content.decode()
    assert alice.get(reverse("audit:verify")).status_code == 405


def test_the_export_holds_what_was_recorded(cast: Cast, alice: Client) -> None:
    event = remember_call(cast)
    response = alice.get(reverse("audit:export"), {"code": CALL_INTENT})
    lines = [json.loads(line) for line in b"".join(response).splitlines()]  # type: ignore[arg-type]
    assert [line["body"] for line in lines] == [event.body.decode()]
    assert lines[0]["mac"] == event.mac.hex()
    assert "exported the audit log" in page(alice)


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.MCP_ADMIN])
def test_who_may_read_the_log(cast: Cast, role: Role) -> None:
    assert as_member(cast, role).get(reverse("audit:list")).status_code == 200


@pytest.mark.parametrize("role", [Role.MEMBER, Role.APPROVER, Role.REVIEWER])
def test_who_may_not(cast: Cast, role: Role) -> None:
    event = remember_call(cast)
    client = as_member(cast, role)
    for address in _addresses(event.id):
        assert client.get(address).status_code == 403
    assert client.post(reverse("audit:verify")).status_code == 403


def test_charlie_sees_nothing_of_acme(cast: Cast, client: Client) -> None:
    event = remember_call(cast)
    client.force_login(cast.charlie)
    assert "search_customers" not in page(client)
    assert client.get(reverse("audit:detail", args=[event.id])).status_code == 404
    assert client.get(f"/api/v1/audit/{event.id}/").status_code == 404
    assert event.id.hex not in json.dumps(client.get("/api/v1/audit/").json())


def test_the_anonymous_see_nothing(cast: Cast, client: Client) -> None:
    event = remember_call(cast)
    for address in _addresses(event.id):
        assert client.get(address).status_code in (302, 401, 403)


def _addresses(event_id: Any) -> list[str]:
    pages = [reverse("audit:list"), reverse("audit:detail", args=[event_id]), reverse("audit:export")]
    return [*pages, "/api/v1/audit/", f"/api/v1/audit/{event_id}/"]


def test_the_api_pages_and_filters(cast: Cast, alice: Client) -> None:
    for number in range(105):
        remember_call(cast, number=number)
    first = alice.get("/api/v1/audit/", {"code": CALL_INTENT}).json()
    second = alice.get(first["next"]).json()
    assert (len(first["results"]), len(second["results"])) == (100, 5)
    assert (first["previous"], second["next"]) == (None, None)
    event = first["results"][0]
    assert event["sentence"].startswith("Dana")
    assert event["body"]["details"] == {"number": 104}
    assert alice.get(f"/api/v1/audit/{event['id']}/").json() == event
    assert alice.get("/api/v1/audit/", {"since": "2999-01-01T00:00Z"}).json()["results"] == []
    assert alice.get("/api/v1/audit/", {"person": "nobody"}).status_code == 400


def test_the_history_of_a_tool_is_its_answers(cast: Cast) -> None:
    remember_call(cast)
    remember_call(cast, code=CALL_OUTCOME, outcome="ok")
    assert [event.code for event in calls_of_tool(cast.acme.pk, SEARCH.id, limit=5)] == [CALL_OUTCOME]
