"""The log is verified in turns: what is new at once, the rest range by range; what is wrong is found all the same."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from audit.chain.marks import ChainEnd, write_mark
from audit.chain.sealing import seal_everything
from audit.models import Checkpoint, Event, Mark, Seal, SetAside, Unsealed
from audit.tasks import verify_chains
from audit.verification import ranges, turns, walk
from audit.verification.checkpoints import last_verification, mac_of_checkpoint
from audit.verification.place import Place, Position, place_of, text_of
from audit.verification.turns import take_turn
from audit.verification.verify import verify
from harriet.lib.ids import new_id
from harriet.lib.microseconds import microseconds_of
from tests.stage.events import ACME, GLOBEX, age, forge, forge_seal, remember, remember_many, tamper, triggers_off

pytestmark = pytest.mark.django_db


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five seals of two to six events, of which a turn goes through one; and a chain next door."""
    for count in range(2, 7):
        remember_many(count)
        seal_everything()
    remember(organization_id=GLOBEX)
    seal_everything()
    monkeypatch.setattr(walk, "_CHUNK", 1)
    monkeypatch.setattr(turns, "MOST_OLD_OF_ONE", 1)
    monkeypatch.setattr(turns, "ROUND_EVERY", timedelta(0))
    monkeypatch.setattr(turns, "_PATIENCE", 0)


def last() -> Checkpoint:
    made = last_verification(ACME)
    assert made is not None
    return made


def turn() -> str:
    """The fault that stands after it."""
    list(take_turn())
    return last().fault


def whole_round() -> list[str]:
    """What one found, from its beginning."""
    began = last_verification(ACME)
    for _ in range(40):
        turn()
        if last().whole_since != (began.whole_since if began is not None else None):
            return place_of(last()).past.sentences
    raise AssertionError("It doesn't end.")


def seal(sequence: int) -> Seal:
    return Seal.objects.get(organization_id=ACME, sequence=sequence)


def test_a_log_is_gone_through_range_by_range_and_its_end_at_once(log: None) -> None:
    assert turn() == ""
    assert (last().sequence, last().events, last().whole_since) == (5, 20, None)
    seen = [place_of(last()).round]
    remember_many(3)
    seal_everything()
    assert turn() == "" and (last().sequence, last().events) == (6, 23), "what is new doesn't wait for the round"
    while last().whole_since is None:
        seen.append(place_of(last()).round)
        turn()
    assert [one.at.sequence for one in seen if one] == [1, 2, 3, 4]
    first = seen[0]
    assert first and last().whole_since and microseconds_of(last().whole_since) == first.began


def test_what_was_changed_long_ago_is_found_when_its_range_comes_and_stands_until_a_round_finds_it_whole(
    log: None,
) -> None:
    assert whole_round() == []
    victim = seal(4).event_ids[1]
    tamper("UPDATE audit_event SET body = body || ' ' WHERE id = %s", victim)
    assert [str(victim) in turn() for _ in range(4)] == [False, False, False, True]
    remember()
    seal_everything()
    assert all(str(victim) in turn() and last().faults == 1 for _ in range(7)), "also while the next round goes on"
    tamper("UPDATE audit_event SET body = rtrim(body) WHERE id = %s", victim)
    whole_round()
    assert whole_round() == [] and last().fault == ""


def removed(sequence: int) -> None:
    tamper("DELETE FROM audit_seal WHERE organization_id = %s AND sequence = %s", ACME, sequence)


def an_event_removed() -> None:
    tamper("DELETE FROM audit_event WHERE id = %s", seal(3).event_ids[0])


def a_seal_changed() -> None:
    tamper("UPDATE audit_seal SET root = %s WHERE organization_id = %s AND sequence = 2", secrets.token_bytes(32), ACME)


def sealed_twice(sequence: int) -> None:
    event_id = seal(sequence).event_ids[0]
    with triggers_off(), connection.cursor() as cursor:
        cursor.execute("INSERT INTO audit_unsealed VALUES (%s, %s)", [event_id, ACME])
    seal_everything()


def an_event_lost() -> None:
    age(remember(), seconds=90)
    Unsealed.objects.all().delete()


def a_row_of_others() -> None:
    row = forge()
    seal_everything()
    tamper("UPDATE audit_event SET recorded_at = recorded_at - interval '90 s' WHERE id = %s", row)


def an_event_set_aside() -> None:
    SetAside.objects.create(event_id=seal(2).event_ids[0], organization_id=GLOBEX)


def a_seal_of_others_with_an_event() -> None:
    event = remember()
    age(event, seconds=90)
    Unsealed.objects.all().delete()
    forge_seal(7, event_ids=[event.id])


def recorded_in_the_future() -> None:
    row = forge()
    tamper("UPDATE audit_event SET recorded_at = 'infinity' WHERE id = %s", row)


CHANGES: dict[str, Callable[[], object]] = {
    "an event removed": an_event_removed,
    "a seal changed": a_seal_changed,
    "the first seal removed": lambda: removed(1),
    "a seal removed between two ranges": lambda: removed(3),
    "the last seal removed": lambda: removed(5),
    "an old event sealed twice": lambda: sealed_twice(1),
    "the last event sealed twice": lambda: sealed_twice(5),
    "an event lost": an_event_lost,
    "a row of others": a_row_of_others,
    "an event set aside": an_event_set_aside,
    "a lost event in a seal of others": a_seal_of_others_with_an_event,
    "a row from the future": recorded_in_the_future,
}


@pytest.mark.parametrize("change", CHANGES)
def test_rounds_find_what_a_verification_of_all_finds(log: None, change: str) -> None:
    CHANGES[change]()
    expected = set(verify(ACME, patience=0).faults.sentences())
    tamper("DELETE FROM audit_checkpoint")
    for _ in range(2):
        whole_round()
        standing = {*place_of(last()).past.sentences, last().fault}
        assert {_short(told) for told in standing} >= {_short(told) for told in expected}
        assert expected and last().faults >= len(expected)


def _short(told: str) -> str:
    """Without how it is known."""
    return told.split(", but ")[0]


def test_an_end_that_is_cut_off_before_and_after_it_was_verified_is_found(log: None) -> None:
    whole_round()
    remember()
    seal_everything()
    tamper("DELETE FROM audit_event WHERE id = ANY(%s)", seal(6).event_ids)
    removed(6)
    assert "ends at seal 5, but it was sealed up to seal 6" in turn()
    tamper("DELETE FROM audit_checkpoint")
    tamper("DELETE FROM audit_mark WHERE organization_id = %s", ACME)
    whole_round()
    removed(5)
    assert any("Seal 5 is missing" in turn() for _ in range(6))


def test_a_lost_event_is_sealed_in_the_turn_that_finds_it(log: None) -> None:
    whole_round()
    an_event_lost()
    verify_chains()
    assert "it is no longer waiting for one" in last().fault
    assert Event.objects.filter(code="audit.sealed_late").count() == 1
    seal_everything()
    whole_round()
    assert whole_round() == []


def test_nobody_without_the_key_moves_the_place(log: None) -> None:
    whole_round()
    turn()
    genuine = last()
    place = place_of(genuine)
    assert place.round is not None
    place.round.at = place.round.goal
    advanced = {"place": text_of(place)}
    victim = seal(2).event_ids[0]
    tamper("UPDATE audit_event SET body = body || ' ' WHERE id = %s", victim)
    columns = {field.attname: getattr(genuine, field.attname) for field in Checkpoint._meta.concrete_fields}
    Checkpoint.objects.create(**columns | advanced | {"id": new_id(), "verified_at": genuine.verified_at})
    Checkpoint.objects.create(**columns | advanced | {"id": new_id(), "verified_at": "9999-01-01T00:00Z"})
    assert f"The event {victim} of seal 2" in turn(), "the round went on where it was"
    assert any("2 earlier verification(s) were not made" in told for told in place_of(last()).found.sentences)
    for change in ({"place": text_of(place)}, {"place": ""}, {"whole_since": "2099-01-01T00:00Z"}):
        made = last()
        for name, value in change.items():
            tamper(f"UPDATE audit_checkpoint SET {name} = %s WHERE id = %s", value, made.pk)
        assert last().pk != made.pk, change


def test_a_turn_leaves_a_log_that_others_verified_meanwhile(log: None) -> None:
    whole_round()
    before = turns._log(ACME, last())
    tamper("UPDATE audit_event SET body = body || ' ' WHERE id = %s", seal(1).event_ids[0])
    verify(ACME)
    told = last().fault
    assert told and turns._turn(before, turns._now(), new=100, old=0)[0] == []
    assert last().fault == told


def test_a_flood_of_forged_seals_neither_stops_a_round_nor_hides_the_seals_behind(
    log: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole_round()
    for sequence in (*range(-6, 0), *range(6, 12)):
        forge_seal(sequence)
    event = remember()
    seal_everything()
    monkeypatch.setattr(turns, "MOST_NEW", 1)
    assert len(whole_round()) >= 6, "those with numbers that Harriet gives to none"
    for _ in range(12):
        turn()
    assert last().sequence == Mark.objects.get(organization_id=ACME).sequence == seal(12).sequence
    assert event.id in seal(12).event_ids and last().faults >= 6


def test_an_event_that_was_sealed_long_before_is_found_when_it_is_sealed_again(
    log: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = UUID(int=new_id().int - (600_000 << 80))
    with monkeypatch.context() as earlier:
        earlier.setattr("audit.event_body.new_id", lambda: old)
        remember()
    seal_everything()
    whole_round()
    sealed_twice(6)
    monkeypatch.setattr(ranges, "_SOON", timedelta(0))
    assert turn() == f"The event {old} is sealed 2 times."


def test_organizations_that_wrote_nothing_cost_nothing(django_assert_max_num_queries: Any) -> None:
    link, made, now = b"l" * 32, [], datetime.now(UTC)
    with connection.cursor() as cursor:
        for organization_id in (new_id() for _ in range(2_000)):
            write_mark(cursor, organization_id, ChainEnd(1, link, 1))
            place = text_of(Place(Position(1, link.hex(), until=microseconds_of(now))))
            values = {"organization_id": organization_id, "sequence": 1, "link": link, "events": 1, "place": place}
            one = Checkpoint(**values, verified_at=now, whole_since=now)
            one.mac = mac_of_checkpoint(one)
            made.append(one)
    Checkpoint.objects.bulk_create(made)
    for most, written in ((60, 1), (22, 0), (45, 1), (22, 0)):
        if written:
            remember()
            seal_everything()
        before = Checkpoint.objects.count()
        with django_assert_max_num_queries(most):
            list(take_turn())
        assert Checkpoint.objects.count() == before + written


def test_of_many_logs_that_are_due_each_turn_verifies_some_those_that_waited_longest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(turns, "MOST_LOGS", 3)
    due = [new_id() for _ in range(7)]
    for organization_id in due:
        remember(organization_id=organization_id)
    seal_everything()

    def verified() -> int:
        list(take_turn())
        return sum(last_verification(organization_id) is not None for organization_id in due)

    assert [verified() for _ in range(3)] == [3, 6, 7]
