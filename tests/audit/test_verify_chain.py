"""Whatever is changed behind Harriet's back is found, and all of it is told."""

from __future__ import annotations

import secrets
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.chain.sealing import seal_everything
from audit.models import Checkpoint, Event, Mark, Seal, SetAside
from audit.verification.checkpoints import last_verification
from audit.verification.faults import Fault
from audit.verification.verify import Verification, organizations, verify
from harriet.lib.ids import new_id
from harriet.people.models import Organization
from tests.stage.cast import Cast
from tests.stage.events import ACME, GLOBEX, age, forge_seal, remember, remember_many, tamper, triggers_off

pytestmark = pytest.mark.django_db


@pytest.fixture
def log() -> None:
    """Five seals of one to five events, and a chain next door."""
    for count in range(1, 6):
        remember_many(count)
        seal_everything()
    remember(organization_id=GLOBEX)
    seal_everything()


def first_fault(found: Verification) -> Fault:
    return found.faults.named[0]


def test_an_untouched_log_is_sound(log: None) -> None:
    found = verify(ACME)
    assert (found.is_sound, found.seals, found.events, found.waiting) == (True, 5, 15, 0)
    assert set(organizations()) == {ACME, GLOBEX}


def test_an_empty_log_is_sound() -> None:
    assert verify(new_id()).is_sound


def test_fresh_events_may_wait_a_minute_for_their_seal(log: None) -> None:
    remember()
    found = verify(ACME)
    assert (found.is_sound, found.waiting) == (True, 1)


def test_an_event_that_is_never_sealed_is_a_fault(log: None) -> None:
    event = remember()
    age(event, seconds=90)
    found = verify(ACME, patience=0)
    assert first_fault(found).event_id == str(event.id)
    tamper("DELETE FROM audit_unsealed")
    found = verify(ACME)
    assert "no longer waiting" in first_fault(found).sentence


EVENT_FORGERIES = {
    "id": "gen_random_uuid()",
    "organization_id": f"'{GLOBEX}'",
    "request_id": "gen_random_uuid()",
    "code": "'call.refused'",
    "person_id": "gen_random_uuid()",
    "connector_id": "NULL",
    "tool_id": "gen_random_uuid()",
    "decision": "'hold'",
    "outcome": "'ok'",
    "body": "replace(body, 'Dana', 'Dora')",
    "mac": "sha256(mac)",
    "recorded_at": "recorded_at + interval '1 microsecond'",
}
SEAL_FORGERIES = {
    "id": "gen_random_uuid()",
    "organization_id": f"'{GLOBEX}'",
    "sequence": "sequence + 10",
    "algorithm": "'harriet-audit-v0'",
    "previous": "sha256(previous)",
    "event_ids": "event_ids[2:]",
    "root": "sha256(root)",
    "link": "sha256(link)",
    "mac": "sha256(mac)",
    "sealed_at": "sealed_at - interval '1 microsecond'",
}


def test_every_column_is_covered() -> None:
    assert set(EVENT_FORGERIES) == {field.attname for field in Event._meta.concrete_fields}
    assert set(SEAL_FORGERIES) == {field.attname for field in Seal._meta.concrete_fields}


@pytest.mark.parametrize("column", EVENT_FORGERIES)
def test_a_changed_event_is_found(log: None, column: str) -> None:
    third = Seal.objects.get(organization_id=ACME, sequence=3)
    assert tamper(f"UPDATE audit_event SET {column} = {EVENT_FORGERIES[column]} WHERE id = %s", third.event_ids[1])
    found = verify(ACME)
    assert first_fault(found).sequence == 3


@pytest.mark.parametrize("column", SEAL_FORGERIES)
def test_a_changed_seal_is_found(log: None, column: str) -> None:
    statement = f"UPDATE audit_seal SET {column} = {SEAL_FORGERIES[column]} WHERE organization_id = %s AND sequence = 3"
    assert tamper(statement, ACME)
    found = verify(ACME)
    assert first_fault(found).sequence == 3


def test_a_removed_event_is_found(log: None) -> None:
    second = Seal.objects.get(organization_id=ACME, sequence=2)
    tamper("DELETE FROM audit_event WHERE id = %s", second.event_ids[0])
    assert first_fault(verify(ACME)) == first_fault(verify(ACME))


def test_a_removed_seal_is_found(log: None) -> None:
    tamper("DELETE FROM audit_seal WHERE organization_id = %s AND sequence = 2", ACME)
    found = verify(ACME)
    assert "Seal 2 is missing" in first_fault(found).sentence


def test_swapped_bodies_are_found(log: None) -> None:
    first, second = Seal.objects.get(organization_id=ACME, sequence=2).event_ids
    tamper(
        "UPDATE audit_event e SET body = o.body, mac = o.mac FROM audit_event o"
        " WHERE e.id = ANY(%s) AND o.id = ANY(%s) AND e.id <> o.id",
        [first, second],
        [first, second],
    )
    assert not verify(ACME).is_sound


def test_another_order_is_found(log: None) -> None:
    tamper(
        "UPDATE audit_seal SET event_ids = ARRAY[event_ids[2], event_ids[1]]"
        " WHERE organization_id = %s AND sequence = 2",
        ACME,
    )
    assert not verify(ACME).is_sound


def test_an_event_made_by_hand_is_found(log: None) -> None:
    """The sealer seals what it is given; without the key nobody can sign it."""
    tamper(
        "INSERT INTO audit_event (id, organization_id, request_id, code, decision, outcome, body, mac)"
        " SELECT gen_random_uuid(), organization_id, request_id, code, decision, outcome, body, mac"
        " FROM audit_event WHERE organization_id = %s LIMIT 1",
        ACME,
    )
    tamper(
        "INSERT INTO audit_unsealed SELECT id, organization_id FROM audit_event e WHERE NOT EXISTS"
        " (SELECT 1 FROM audit_seal WHERE e.id = ANY(event_ids)) ON CONFLICT DO NOTHING"
    )
    seal_everything()
    assert not verify(ACME).is_sound


def test_a_chain_made_anew_without_the_key_is_found(log: None) -> None:
    """Links are plain hashes that anybody can compute; the MAC over them isn't."""
    from audit.chain import hashes
    from audit.verification.walk import _seals

    last = list(_seals(ACME))[-1]
    kept = last.event_ids[:-1]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, body, mac, (extract(epoch FROM recorded_at) * 1000000)::bigint FROM audit_event"
            " WHERE id = ANY(%s::uuid[]) ORDER BY id",
            [kept],
        )
        leaves = [hashes.leaf(row[0].bytes, row[1].encode(), bytes(row[2]), row[3]) for row in cursor.fetchall()]
    root = hashes.root(leaves)
    link = hashes.link(ACME, last.sequence, last.previous, root, len(kept))
    tamper("DELETE FROM audit_event WHERE id = %s", last.event_ids[-1])
    tamper(
        "UPDATE audit_seal SET event_ids = %s::uuid[], root = %s, link = %s WHERE id = %s", kept, root, link, last.id
    )
    found = verify(ACME)
    assert "MAC" in first_fault(found).sentence


def test_a_chain_cut_short_is_found_once_it_was_verified(log: None) -> None:
    assert verify(ACME).is_sound
    last = Seal.objects.get(organization_id=ACME, sequence=5)
    tamper("DELETE FROM audit_event WHERE id = ANY(%s)", last.event_ids)
    tamper("DELETE FROM audit_seal WHERE id = %s", last.id)
    found = verify(ACME)
    assert "The chain ends at seal 4" in first_fault(found).sentence


def test_an_event_sealed_twice_is_found(log: None) -> None:
    event_id = Seal.objects.get(organization_id=ACME, sequence=1).event_ids[0]
    with triggers_off(), connection.cursor() as cursor:
        cursor.execute("INSERT INTO audit_unsealed VALUES (%s, %s)", [event_id, ACME])
    seal_everything()
    found = verify(ACME)
    assert "sealed 2 times" in first_fault(found).sentence


def test_what_was_found_is_remembered(log: None) -> None:
    verify(ACME)
    assert Checkpoint.objects.get(organization_id=ACME).sequence == 5
    tamper("DELETE FROM audit_event WHERE organization_id = %s", ACME)
    found = verify(ACME)
    last = Checkpoint.objects.filter(organization_id=ACME).latest("id")
    assert last.fault == first_fault(found).sentence


BITS = st.tuples(st.integers(0, 14), st.sampled_from(["body", "mac"]), st.integers(0, 10_000), st.integers(0, 7))


def test_any_flipped_bit_is_found(log: None) -> None:
    ids = list(Event.objects.filter(organization_id=ACME).order_by("id").values_list("id", flat=True))

    @settings(max_examples=60, suppress_health_check=list(HealthCheck))
    @given(BITS)
    def story(flip: tuple[int, str, int, int]) -> None:
        which, column, place, bit = flip
        before = Event.objects.get(id=ids[which])
        kept = before.body if column == "body" else bytes(before.mac)
        raw = bytearray(kept.encode() if isinstance(kept, str) else kept)
        raw[place % len(raw)] ^= 1 << bit
        if column == "body" and (0 in raw or not _is_text(raw)):
            return
        forged = raw.decode() if column == "body" else bytes(raw)
        with connection.cursor() as cursor:
            cursor.execute(f"UPDATE audit_event SET {column} = %s WHERE id = %s", [forged, ids[which]])
        found = verify(ACME)
        with connection.cursor() as cursor:
            cursor.execute(f"UPDATE audit_event SET {column} = %s WHERE id = %s", [kept, ids[which]])
        assert first_fault(found).event_id == str(ids[which])

    with triggers_off():
        story()
    assert verify(ACME).is_sound


def _is_text(raw: bytearray) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def test_the_command_names_the_first_bad_one(log: None, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("audit", "verify")
    assert "15 events in 5 seals" in capsys.readouterr().out
    call_command("audit", "verify", organization=str(ACME))
    victim = Seal.objects.get(organization_id=ACME, sequence=4).event_ids[2]
    tamper("UPDATE audit_event SET body = body || ' ' WHERE id = %s", victim)
    tamper("UPDATE audit_seal SET root = %s WHERE organization_id = %s AND sequence = 5", secrets.token_bytes(32), ACME)
    with pytest.raises(CommandError, match=str(victim)) as refusal:
        call_command("audit", "verify")
    assert refusal.value.returncode == 1


def test_the_command_knows_organizations_by_slug(db: None) -> None:
    with pytest.raises(CommandError, match="There is no organization"):
        call_command("audit", "verify", organization="nowhere")


def test_every_fault_is_told_not_only_the_first(log: None, capsys: pytest.CaptureFixture[str]) -> None:
    second, fourth = (Seal.objects.get(organization_id=ACME, sequence=number) for number in (2, 4))
    tamper("DELETE FROM audit_event WHERE id = %s", second.event_ids[0])
    tamper("UPDATE audit_event SET outcome = 'ok' WHERE id = ANY(%s)", fourth.event_ids[:2])
    tamper("UPDATE audit_seal SET root = sha256(root) WHERE organization_id = %s AND sequence = 3", ACME)
    tamper("DELETE FROM audit_seal WHERE organization_id = %s", GLOBEX)
    found = verify(ACME)
    assert [fault.sequence for fault in found.faults.named[:4]] == [2, 3, 4, 4]
    with pytest.raises(CommandError) as refusal:
        call_command("audit", "verify")
    told = str(refusal.value)
    assert refusal.value.returncode == 1
    for wrong in (str(second.event_ids[0]), "Seal 3 has been changed", *map(str, fourth.event_ids[:2]), str(GLOBEX)):
        assert wrong in told
    assert str(second.event_ids[1]) not in told
    assert "faults found" in capsys.readouterr().out


def test_a_broken_seal_is_one_fault_and_the_rest_is_still_checked(log: None) -> None:
    tamper("UPDATE audit_seal SET mac = sha256(mac) WHERE organization_id = %s AND sequence = 2", ACME)
    found = verify(ACME)
    assert (found.seals, found.events, found.waiting) == (4, 13, 2)
    assert [fault.sequence for fault in found.faults.named] == [2]


def test_a_chain_cut_short_is_found_when_its_verifications_are_gone_too(log: None) -> None:
    last = Seal.objects.get(organization_id=ACME, sequence=5)
    for is_verified in (False, True):
        if is_verified:
            verify(ACME)
        tamper("DELETE FROM audit_event WHERE id = ANY(%s)", last.event_ids)
        tamper("DELETE FROM audit_seal WHERE id = %s", last.id)
        tamper("DELETE FROM audit_checkpoint")
        found = verify(ACME)
        assert "ends at seal 4, but it was sealed up to seal 5, 15 events in all" in first_fault(found).sentence


def test_a_mark_that_was_removed_is_missed(log: None) -> None:
    assert verify(ACME).is_sound
    tamper("DELETE FROM audit_mark")
    assert [fault.sentence for fault in verify(ACME).faults.named] == [
        "The mark that says how far the chain goes is missing."
    ]


def test_chains_from_before_there_were_marks_get_one(log: None) -> None:
    tamper("DELETE FROM audit_mark")
    assert verify(ACME).is_sound
    assert Mark.objects.get(organization_id=ACME).sequence == 5


EVERYTHING = ("audit_event", "audit_seal", "audit_checkpoint", "audit_mark", "audit_setaside", "audit_unsealed")


@pytest.mark.parametrize("tables", [EVERYTHING, EVERYTHING[:3], EVERYTHING[:1], EVERYTHING[:2]])
def test_an_erased_log_does_not_verify(cast: Cast, tables: tuple[str, ...]) -> None:
    remember(organization_id=cast.acme.pk)
    seal_everything()
    assert verify(cast.acme.pk).is_sound
    for table in tables:
        tamper(f"DELETE FROM {table}")
    assert cast.acme.pk in organizations()
    with pytest.raises(CommandError, match="acme: ") as refusal:
        call_command("audit", "verify")
    assert refusal.value.returncode == 1
    assert "globex: The log is empty, but the organization has existed since" in str(refusal.value)


def test_a_log_that_was_erased_and_begun_anew_does_not_verify(cast: Cast) -> None:
    old = UUID(int=(new_id().int - (7_200_000 << 80)))
    Organization.objects.create(pk=old, slug="old", name="Old")
    remember(organization_id=old)
    seal_everything()
    assert [fault.sentence for fault in verify(old).faults.named if "The log begins on" in fault.sentence]
    assert verify(cast.acme.pk).is_sound


def test_verifications_that_others_made_up_count_for_nothing(log: None, cast: Cast) -> None:
    assert verify(ACME).is_sound
    Checkpoint.objects.create(organization_id=ACME, sequence=99, link=b"x" * 32, events=999, fault="", mac=b"y" * 32)
    Checkpoint.objects.create(organization_id=ACME, sequence=98, link=b"x" * 32, events=998, fault="")
    assert last_verification(ACME) == Checkpoint.objects.get(organization_id=ACME, sequence=5)
    found = verify(ACME)
    assert [fault.sentence for fault in found.faults.named] == [
        "1 earlier verification(s) were not made by this installation. They don't count."
    ]


def test_an_event_set_aside_by_somebody_else_is_told(log: None) -> None:
    event_id = Seal.objects.get(organization_id=ACME, sequence=1).event_ids[0]
    SetAside.objects.create(event_id=event_id, organization_id=GLOBEX)
    assert [fault.sentence for fault in verify(ACME).faults.named] == [
        f"The event {event_id} was set aside by somebody, although Harriet wrote it."
    ]


def test_forged_seals_hide_no_event(log: None) -> None:
    event = remember()
    forge_seal(6, event_ids=[event.id])
    assert verify(ACME).waiting == 1
    seal_everything()
    found = verify(ACME)
    assert (found.events, found.faults.count) == (16, 1)


DISARMED = {
    "a trigger switched off": (
        "ALTER TABLE audit_seal DISABLE TRIGGER audit_seal_append_only",
        "audit_seal_append_only",
    ),
    "a trigger that a replica passes": (
        "ALTER TABLE audit_event ENABLE TRIGGER audit_event_append_only",
        "audit_event_append_only",
    ),
    "a trigger removed": ("DROP TRIGGER audit_event_queue ON audit_event", "audit_event_queue"),
    "all triggers switched off": ("ALTER TABLE audit_mark DISABLE TRIGGER ALL", "audit_mark_no_delete"),
    "a function without effect": (
        "CREATE OR REPLACE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RETURN OLD; END $$",
        "audit_refuse_change",
    ),
    "a rule": ("CREATE RULE nothing AS ON INSERT TO audit_event DO INSTEAD NOTHING", "audit_event: nothing"),
    "row security": ("ALTER TABLE audit_event ENABLE ROW LEVEL SECURITY", "row security"),
    "a right to delete": ("GRANT DELETE ON audit_event TO PUBLIC", "everybody may DELETE audit_event"),
    "a right to change a column": ("GRANT UPDATE (body) ON audit_event TO PUBLIC", "everybody may UPDATE audit_event"),
    "a right to truncate": ("GRANT TRUNCATE ON audit_seal TO PUBLIC", "everybody may TRUNCATE audit_seal"),
    "a right to queue": ("GRANT INSERT ON audit_unsealed TO PUBLIC", "everybody may INSERT audit_unsealed"),
}


@pytest.mark.parametrize("how", DISARMED)
def test_a_log_that_could_be_changed_does_not_verify(log: None, how: str) -> None:
    statement, told = DISARMED[how]
    with connection.cursor() as cursor:
        cursor.execute(statement)
    with pytest.raises(CommandError, match="The database: ") as refusal:
        call_command("audit", "verify", organization=str(ACME))
    assert told in str(refusal.value)
    assert told in Checkpoint.objects.filter(organization_id=ACME).latest("id").fault
