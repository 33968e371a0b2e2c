"""A call whose process ended before it could tell: closed as unknown, once, and never while it may still run."""

from __future__ import annotations

import threading

import orjson
import pytest
from django.db import connection

import audit.unfinished_calls
from audit.chain.sealing import seal_everything
from audit.event_body import NewEvent
from audit.events import CALL_HELD, CALL_INTENT, CALL_OUTCOME
from audit.models import Event, Sweep
from audit.tasks import close_unfinished
from audit.unfinished_calls import close_unfinished_calls
from audit.verification.faults import Faults
from audit.verification.verify import verify
from audit.verification.walk import Walk
from audit.vocabulary.sentences import sentence_for
from harriet.lib.ids import new_id
from tests.stage.events import ACME, age, forge, remember, tamper, unfinished_intents_of

pytestmark = pytest.mark.django_db

LONG = 600


def outcomes() -> list[dict[str, object]]:
    return [orjson.loads(event.body) for event in Event.objects.filter(code=CALL_OUTCOME).order_by("recorded_at")]


def test_a_call_without_an_outcome_is_closed_as_unknown() -> None:
    intent = remember()
    age(intent, seconds=LONG)
    assert unfinished_intents_of(ACME) == [intent.id]
    close_unfinished()
    (outcome,) = outcomes()
    assert outcome["outcome"] == "unknown"
    assert outcome["request"] == str(intent.request_id)
    assert outcome["details"] == {"intent": str(intent.id)}
    assert "by Dana on Dana's laptop has no known outcome" in sentence_for(outcome)
    assert unfinished_intents_of(ACME) == []


def test_it_is_closed_once() -> None:
    age(remember(), seconds=LONG)
    assert [close_unfinished_calls() for _ in range(3)] == [1, 0, 0]


def test_a_call_that_may_still_run_is_left_alone() -> None:
    age(remember(), seconds=170)
    assert close_unfinished_calls() == 0


def test_a_call_with_an_outcome_is_left_alone() -> None:
    intent = remember()
    age(intent, remember(CALL_OUTCOME, request_id=intent.request_id, outcome="ok"), seconds=LONG)
    assert close_unfinished_calls() == 0


def test_a_held_call_counts_from_its_intent_not_from_its_request() -> None:
    held = remember(CALL_HELD)
    age(held, seconds=86_400)
    remember(CALL_INTENT, request_id=held.request_id)
    assert close_unfinished_calls() == 0


def test_two_calls_in_one_request_are_told_apart() -> None:
    request_id = new_id()
    first, second = remember(request_id=request_id), remember(request_id=request_id)
    done = remember(CALL_OUTCOME, request_id=request_id, outcome="ok", intent=second.id)
    age(first, second, done, seconds=LONG)
    assert close_unfinished_calls() == 1
    assert {"intent": str(first.id)} in [outcome["details"] for outcome in outcomes()]


def test_an_outcome_that_names_no_intent_belongs_to_the_oldest() -> None:
    request_id = new_id()
    first = remember(request_id=request_id)
    age(first, seconds=LONG + 100)
    second = remember(request_id=request_id)
    age(second, remember(CALL_OUTCOME, request_id=request_id, outcome="ok"), seconds=LONG)
    assert unfinished_intents_of(ACME) == [second.id]


def test_after_a_long_stop_nothing_is_forgotten() -> None:
    close_unfinished_calls()
    tamper("UPDATE audit_sweep SET swept_until = now() - interval '3 days'")
    age(remember(), seconds=2 * 86_400)
    assert close_unfinished_calls() == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_racing_close_it_once() -> None:
    for _ in range(20):
        age(remember(), seconds=LONG)
    closed: list[int] = []

    def worker() -> None:
        closed.append(close_unfinished_calls())
        connection.close()

    threads = [threading.Thread(target=worker) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(closed) == [0, 0, 0, 20]
    assert len(outcomes()) == 20


def test_rows_that_harriet_did_not_write_neither_end_a_call_nor_stop_the_sweep() -> None:
    intent = remember()
    forge(code=CALL_OUTCOME, outcome="ok", request_id=intent.request_id)
    for _ in range(3):
        forge(code=CALL_INTENT, body="}{")
    seal_everything()
    tamper("UPDATE audit_event SET recorded_at = recorded_at - interval '10 minutes'")
    assert unfinished_intents_of(ACME) == [intent.id]
    assert [close_unfinished_calls() for _ in range(2)] == [1, 0]
    assert Event.objects.filter(code=CALL_OUTCOME, outcome="unknown").count() == 1


def test_a_sweep_set_ahead_of_the_clock_hides_no_call() -> None:
    close_unfinished_calls()
    Sweep.objects.update(swept_until="2999-01-01T00:00Z")
    age(remember(), seconds=200)
    assert close_unfinished_calls() == 1


def test_each_turn_looks_at_so_many_intents_however_long_nobody_looked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit.unfinished_calls, "_MOST_INTENTS", 4)
    monkeypatch.setattr(audit.unfinished_calls, "_MOST_TURNS", 3)
    opened = [remember() for _ in range(5)]
    done = [remember_ended() for _ in range(20)]
    for number, event in enumerate([opened[0], *done[:5], *opened[1:3], *done[5:], *opened[3:]]):
        age(event, seconds=LONG + 10_000 - 100 * number)
    assert [close_unfinished_calls() for _ in range(4)] == [3, 0, 2, 0]


def test_intents_that_were_recorded_at_once_hold_no_turn_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit.unfinished_calls, "_MOST_INTENTS", 2)
    age(*[remember_ended() for _ in range(6)], remember(), seconds=LONG)
    tamper("UPDATE audit_event SET recorded_at = (SELECT min(recorded_at) FROM audit_event)")
    assert close_unfinished_calls() == 1


def test_what_a_verification_keeps_of_calls_is_what_is_open() -> None:
    intent = remember()
    calls = [remember_ended() for _ in range(30)]
    age(intent, *calls, seconds=LONG)
    seal_everything()
    walk = Walk(ACME, Faults(), []).run()
    assert (walk.events, walk.calls.requests) == (61, [intent.request_id])
    assert verify(ACME).orphans == [intent.id]


def remember_ended() -> NewEvent:
    intent = remember()
    remember(CALL_OUTCOME, request_id=intent.request_id, outcome="ok")
    return intent
