"""Calls are counted as they are sealed: each once, none that Harriet did not write, and the same when counted again."""

from __future__ import annotations

import io
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from audit.call_counts import DAYS_KEPT, busiest, calls_by_day, calls_by_hour, forget_old_counts
from audit.chain.sealing import seal_everything, seal_late
from audit.events import CALL_HELD, CALL_INTENT, CALL_OUTCOME, CALL_REFUSED
from audit.models import CallCount, Event, SetAside
from audit.unfinished_calls import close_unfinished_calls
from audit.verification.recount import recount, wrong_counts
from audit.verification.verify import verify
from harriet.lib.ids import new_id
from tests.stage.cast import Cast
from tests.stage.events import CRM, GLOBEX, SEARCH, age, forge, forge_seal, remember, tamper

pytestmark = pytest.mark.django_db


def today_of(organization_id: UUID) -> dict[str, int]:
    """And of yesterday, on which nothing was called: midnight may pass meanwhile."""
    days = calls_by_day(organization_id, since=datetime.now(UTC).date() - timedelta(days=1))
    return dict(sum((Counter(day) for day in days.values()), Counter()))


def call(organization_id: UUID, outcome: str = "ok", **fields: Any) -> None:
    request = new_id()
    remember(CALL_INTENT, organization_id, request_id=request, decision="run", **fields)
    remember(CALL_OUTCOME, organization_id, request_id=request, outcome=outcome, **fields)


def mixed_story(acme: UUID) -> None:
    """Ten calls of which three failed, two refused, one held; one whose process ended; rows from elsewhere."""
    for outcome in ["ok"] * 7 + ["error", "timeout", "cancelled"]:
        call(acme, outcome)
    for _ in range(2):
        remember(CALL_REFUSED, acme, decision="refuse", tool=None)
    remember(CALL_HELD, acme, decision="hold")
    remember("person.role_changed", acme)
    call(GLOBEX)
    lost = remember(CALL_INTENT, acme, decision="run")
    age(lost, seconds=900)
    forge(acme, code=CALL_OUTCOME, outcome="ok")
    forge(acme, code=CALL_INTENT)


def test_a_mixed_day_is_counted_as_its_events_say(cast: Cast) -> None:
    acme = cast.acme.pk
    mixed_story(acme)
    assert today_of(acme) == {}, "what is not sealed is not counted yet"
    seal_everything()
    close_unfinished_calls()
    seal_everything()
    seal_everything()
    assert SetAside.objects.count() == 2
    counted = {"called": 11, "succeeded": 7, "failed": 4, "held": 1, "refused": 2}
    days = calls_by_day(acme, since=datetime.now(UTC).date() - timedelta(days=1))
    assert {kind: sum(day.get(kind, 0) for day in days.values()) for kind in counted} == counted
    assert today_of(GLOBEX) == {"called": 1, "succeeded": 1}
    assert wrong_counts(acme) == wrong_counts(GLOBEX) == 0
    hours = calls_by_hour(acme, [CRM.id], since=timezone.now() - timedelta(hours=2))
    assert sum(calls for _, _, calls in hours) == 11
    assert busiest(acme, since=datetime.now(UTC).date() - timedelta(days=1), most=5) == [(SEARCH.id, 11)]


def test_counts_that_were_changed_are_found_and_made_anew(cast: Cast) -> None:
    acme = cast.acme.pk
    mixed_story(acme)
    seal_everything()
    before = set(CallCount.objects.values_list("organization_id", "of", "subject_id", "since", "what", "calls"))
    CallCount.objects.filter(organization_id=acme, what="succeeded").update(calls=9000)
    CallCount.objects.filter(organization_id=acme, of="tool").delete()
    assert wrong_counts(acme) >= 2
    with pytest.raises(CommandError, match="counts of calls were wrong"):
        call_command("audit", "counts")
    told = io.StringIO()
    call_command("audit", "counts", "--mend", stdout=told)
    assert "All counts of calls are what the sealed events say." in told.getvalue()
    after = set(CallCount.objects.values_list("organization_id", "of", "subject_id", "since", "what", "calls"))
    assert before == after
    call_command("audit", "counts", stdout=told)


def test_an_event_that_was_taken_out_of_the_queue_counts_once_it_is_sealed(cast: Cast) -> None:
    acme = cast.acme.pk
    late = remember(CALL_INTENT, acme, decision="run")
    age(late, seconds=120)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM audit_unsealed WHERE event_id = %s", [late.id])
    recount(acme)
    assert not CallCount.objects.filter(organization_id=acme).exists()
    seal_late(acme, verify(acme, patience=0).lost)
    assert CallCount.objects.get(organization_id=acme, of="organization").calls == 1
    seal_everything()
    assert wrong_counts(acme) == 0


def test_what_a_forged_seal_holds_is_not_counted_again(cast: Cast) -> None:
    acme = cast.acme.pk
    call(acme)
    seal_everything()
    forge_seal(7, acme, [forge(acme, code=CALL_OUTCOME, outcome="ok")])
    seal_everything()
    assert wrong_counts(acme) == 0
    recount(acme)
    assert today_of(acme) == {"called": 1, "succeeded": 1}


def test_a_time_that_is_none_is_counted_nowhere(cast: Cast) -> None:
    acme = cast.acme.pk
    call(acme)
    tamper("UPDATE audit_event SET recorded_at = 'infinity' WHERE organization_id = %s", acme)
    seal_everything()
    assert not CallCount.objects.filter(organization_id=acme).exists()
    assert wrong_counts(acme) == 0


def test_old_counts_are_forgotten_and_days_of_the_company_stay(cast: Cast) -> None:
    acme = cast.acme.pk
    call(acme)
    tamper("UPDATE audit_event SET recorded_at = recorded_at - interval '90 days' WHERE organization_id = %s", acme)
    seal_everything()
    call(acme)
    seal_everything()
    assert CallCount.objects.filter(organization_id=acme, of="tool").count() == 2
    assert forget_old_counts(timezone.now()) == 2
    assert not CallCount.objects.exclude(of="organization").filter(since__lt=timezone.now() - DAYS_KEPT).exists()
    assert len(calls_by_day(acme, since=datetime.now(UTC).date() - timedelta(days=100))) == 2
    assert wrong_counts(acme) == 0


def test_the_migration_counts_what_was_sealed_before_there_were_counts(cast: Cast) -> None:
    from importlib import import_module

    acme = cast.acme.pk
    mixed_story(acme)
    seal_everything()
    remember(CALL_INTENT, acme, decision="run")
    CallCount.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute(import_module("audit.migrations.0004_call_counts").COUNT)
    assert wrong_counts(acme) == wrong_counts(GLOBEX) == 0
    seal_everything()
    assert wrong_counts(acme) == 0
    assert Event.objects.filter(organization_id=acme, code=CALL_INTENT).count() == 13
