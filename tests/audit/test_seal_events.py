"""Events are linked in batches behind everybody's back: all of them, once each, by one worker at a time."""

import threading
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction

from audit.chain import hashes, sealing
from audit.chain.sealing import BATCH, seal_everything, seal_organization
from audit.events import AuditChainMended, AuditRowsSetAside, AuditSealedLate
from audit.models import INSTALLATION, Checkpoint, Event, Mark, Seal, SetAside, Unsealed
from audit.tasks import seal_events, verify_chain
from audit.verification.verify import verify
from harriet.lib.ids import new_id
from tests.stage.events import ACME, GLOBEX, age, call_event, forge, forge_seal, remember, remember_many

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_task_seals_what_waits() -> None:
    first, second = remember(), remember()
    seal_events()
    seal = Seal.objects.get()
    assert seal.event_ids == [first.id, second.id]
    assert (seal.sequence, bytes(seal.previous)) == (1, hashes.START)
    assert not Unsealed.objects.exists()


def test_each_seal_continues_the_one_before() -> None:
    remember()
    seal_everything()
    remember()
    seal_everything()
    first, second = Seal.objects.order_by("sequence")
    assert bytes(second.previous) == bytes(first.link)


def test_organizations_have_chains_of_their_own() -> None:
    remember(organization_id=ACME)
    remember(organization_id=GLOBEX)
    assert seal_everything() == 2
    assert set(Seal.objects.values_list("organization_id", "sequence")) == {(ACME, 1), (GLOBEX, 1)}


def test_many_events_become_several_seals() -> None:
    remember_many(BATCH + 5)
    assert seal_everything() == BATCH + 5
    assert [len(seal.event_ids) for seal in Seal.objects.order_by("sequence")] == [BATCH, 5]
    assert verify(ACME).is_sound


def test_nothing_waiting_makes_no_seal() -> None:
    assert seal_everything() == 0
    assert not Seal.objects.exists()


def test_a_late_commit_is_sealed_late_and_still_sealed() -> None:
    slow, committed = threading.Event(), threading.Event()

    def slow_change() -> None:
        with transaction.atomic():
            from audit.record import insert

            insert(late)
            slow.set()
            committed.wait(60)
        connection.close()

    late = call_event()
    thread = threading.Thread(target=slow_change)
    thread.start()
    assert slow.wait(60)
    quick = remember()
    assert seal_everything() == 1
    committed.set()
    thread.join()
    assert seal_everything() == 1
    assert [seal.event_ids for seal in Seal.objects.order_by("sequence")] == [[quick.id], [late.id]]
    assert verify(ACME).is_sound


def test_racing_workers_seal_each_event_once() -> None:
    remember_many(300)

    def worker() -> None:
        for _ in range(5):
            seal_organization(ACME)
        connection.close()

    threads = [threading.Thread(target=worker) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(len(seal.event_ids) for seal in Seal.objects.all()) == Event.objects.count() == 300
    assert verify(ACME).is_sound


def test_the_tree_is_the_one_of_rfc_6962() -> None:
    """§2.1: split at the largest power of two below the count."""
    from hashlib import sha256

    def tree(leaves: list[bytes]) -> bytes:
        if len(leaves) == 1:
            return leaves[0]
        split = 1
        while split * 2 < len(leaves):
            split *= 2
        return sha256(b"\x01" + tree(leaves[:split]) + tree(leaves[split:])).digest()

    for count in range(1, 40):
        leaves = [sha256(bytes([number])).digest() for number in range(count)]
        assert hashes.root(leaves) == tree(leaves)
    assert hashes.root([]) == sha256(b"").digest()


FORGERIES: dict[str, dict[str, Any]] = {
    "a MAC that was made up": {},
    "no MAC": {"mac": b""},
    "no JSON": {"body": "}{"},
    "an event copied under another id": {"copied": True},
    "an event of another organization": {"copied": True, "organization_id": GLOBEX},
    "from the future": {"recorded_at": "2999-01-01T00:00Z"},
    "from before the first event": {"recorded_at": "1999-01-01T00:00Z", "id": UUID(int=7)},
    "at no time": {"recorded_at": "infinity"},
}


@pytest.mark.parametrize("how", FORGERIES)
def test_a_row_that_harriet_did_not_write_is_set_aside_and_the_chain_goes_on(
    how: str, caplog: pytest.LogCaptureFixture
) -> None:
    first = remember()
    remember(organization_id=GLOBEX)
    seal_everything()
    columns = dict(FORGERIES[how])
    if columns.pop("copied", False):
        columns |= {"body": first.body, "mac": first.mac}
    forged = forge(**columns)
    owner = columns.get("organization_id", ACME)
    second = remember(organization_id=owner)
    assert seal_everything() == 1
    assert "are not Harriet's" in caplog.text
    seal_everything()
    third = remember(organization_id=owner)
    seal_everything()
    sealed = [id for seal in Seal.objects.filter(organization_id=owner).order_by("sequence") for id in seal.event_ids]
    told = Event.objects.get(code=AuditRowsSetAside.code)
    assert [sealed[1], *sealed[2:]] == [second.id, told.id, third.id]
    assert (told.organization_id, told.fields["details"]["rows"]) == (owner, [str(forged)])
    assert list(SetAside.objects.values_list("event_id", "organization_id")) == [(forged, owner)]
    found = verify(owner)
    assert (found.faults.count, found.foreign, found.events) == (1, 1, 4)
    assert str(forged) in found.faults.named[0].sentence
    assert verify(GLOBEX if owner == ACME else ACME).is_sound


def test_many_forged_rows_make_no_turn_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "MOST_BATCHES", 2)
    remember()
    seal_everything()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_event (id, organization_id, request_id, code, decision, outcome, body, mac)"
            " SELECT gen_random_uuid(), %s, gen_random_uuid(), 'call.intent', '', '', '{}', 'x'"
            " FROM generate_series(1, 2500)",
            [ACME],
        )
    event = remember(organization_id=GLOBEX)
    seal_everything()
    assert Seal.objects.get(organization_id=GLOBEX).event_ids == [event.id], "nobody else waits for the flood"
    assert Unsealed.objects.filter(organization_id=ACME).count() > 500
    seal_everything()
    seal_everything()
    assert Event.objects.filter(code=AuditRowsSetAside.code).count() == 3
    found = verify(ACME)
    assert (found.faults.count, len(found.faults.named), found.foreign) == (2500, 100, 2500)
    assert found.faults.sentences()[-1] == "And 2400 more."


def test_an_invented_organization_gets_no_chain() -> None:
    nobody = new_id()
    forge(nobody)
    seal_everything()
    seal_everything()
    assert set(Seal.objects.values_list("organization_id", flat=True)) == {INSTALLATION}
    assert Event.objects.get(code=AuditRowsSetAside.code).fields["details"]["claimed"] == str(nobody)


@pytest.mark.parametrize("sequences", [[2], [2, 3, 4], [40], [2**63 - 1], [0], [-5], [2, 3, 2**63 - 1]])
def test_seals_from_elsewhere_are_passed_over(sequences: list[int], caplog: pytest.LogCaptureFixture) -> None:
    first = remember()
    seal_everything()
    for sequence in sequences:
        forge_seal(sequence)
    second = remember()
    seal_everything()
    for sequence in sequences[:1]:
        forge_seal(sequence + 50 if sequence < 2**62 else 999)
    third = remember()
    seal_everything()
    seal_everything()
    told = Event.objects.filter(code=AuditChainMended.code)
    found = verify(ACME)
    assert found.faults.count == len(sequences) + 1
    assert all("wasn't made by this installation" in fault.sentence for fault in found.faults.named)
    assert found.events == 3 + told.count()
    assert {first.id, second.id, third.id} < {id for seal in Seal.objects.all() for id in seal.event_ids}
    if sequences[0] > 0:
        assert told.count() == 2
        assert "tampered" in caplog.text


def test_a_mark_that_was_changed_or_set_back_is_mended_and_told() -> None:
    remember()
    seal_everything()
    before = Mark.objects.get(organization_id=ACME)
    remember()
    seal_everything()
    for changed, told in (
        ({"sequence": before.sequence, "link": before.link, "events": before.events, "mac": before.mac}, "set back"),
        ({"sequence": 9}, "had been changed"),
    ):
        Mark.objects.filter(organization_id=ACME).update(**changed)
        remember()
        seal_everything()
        seal_everything()
        assert verify(ACME).is_sound
        assert told in Event.objects.filter(code=AuditChainMended.code).latest("recorded_at").sentence


def test_an_event_taken_out_of_the_queue_is_sealed_late() -> None:
    remember()
    seal_everything()
    event = remember()
    Unsealed.objects.all().delete()
    age(event, seconds=90)
    verify_chain(str(ACME))
    assert (
        Checkpoint.objects.latest("id").fault
        == f"No seal holds the event {event.id}, and it is no longer waiting for one."
    )
    assert Seal.objects.order_by("sequence").last().event_ids == [event.id]  # type: ignore[union-attr]
    seal_everything()
    verify_chain(str(ACME))
    assert Checkpoint.objects.latest("id").fault == ""
    assert Event.objects.filter(code=AuditSealedLate.code).count() == 1
