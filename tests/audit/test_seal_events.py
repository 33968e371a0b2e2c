"""Events are linked in batches behind everybody's back: all of them, once each, by one worker at a time."""

import threading

import pytest
from django.db import connection, transaction

from audit import chain
from audit.models import Event, Seal, Unsealed
from audit.sealing import BATCH, seal_everything, seal_organization
from audit.tasks import seal_events
from audit.verify import verify
from tests.audit.stories import ACME, GLOBEX, call_event, remember, remember_many

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_task_seals_what_waits() -> None:
    first, second = remember(), remember()
    seal_events()
    seal = Seal.objects.get()
    assert seal.event_ids == [first.id, second.id]
    assert (seal.sequence, bytes(seal.previous)) == (1, chain.START)
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
            committed.wait(10)
        connection.close()

    late = call_event()
    thread = threading.Thread(target=slow_change)
    thread.start()
    slow.wait(10)
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
        assert chain.root(leaves) == tree(leaves)
    assert chain.root([]) == sha256(b"").digest()
