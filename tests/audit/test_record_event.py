"""An event is recorded with its change, or neither happens; and it reads as a sentence."""

import hmac

import orjson
import pytest
from django.db import transaction
from django.db.transaction import TransactionManagementError
from hypothesis import given
from hypothesis.strategies import binary

from audit.actor import SYSTEM, Actor
from audit.context import request, request_id
from audit.errors import NotRecordable
from audit.event_body import compose, mac_of
from audit.events import CALL_INTENT, CALL_OUTCOME, CALL_REFUSED, AuditCheckAsked
from audit.models import Event, Unsealed
from audit.record import record
from audit.vocabulary.sentences import sentence_for
from connectors.events import ToolSet
from harriet.lib.keyfile import derive
from harriet.lib.secret import Secret
from tests.stage.events import ACME, CRM, DANA, SEARCH, call_event


def test_an_event_is_stored_and_queued_for_sealing(db: None) -> None:
    event_id = record(ToolSet(connector=CRM, tool=SEARCH, changes="enabled"), organization_id=ACME, actor=SYSTEM)
    event = Event.objects.get(id=event_id)
    assert (event.connector_id, event.tool_id) == (CRM.id, SEARCH.id)
    assert orjson.loads(event.body)["details"] == {"changes": "enabled"}
    assert event.sentence == "Harriet set search_customers of CRM: enabled."
    assert bytes(event.mac) == mac_of(event.body.encode())
    assert Unsealed.objects.get(event_id=event_id).organization_id == ACME


@given(body=binary(max_size=3000))
def test_a_mac_is_the_librarys_hmac(body: bytes) -> None:
    assert mac_of(body) == hmac.digest(derive("audit", "event-mac/v1"), body, "sha256")


@pytest.mark.django_db(transaction=True)
def test_an_event_outside_a_transaction_is_refused() -> None:
    with pytest.raises(TransactionManagementError):
        record(AuditCheckAsked(), organization_id=ACME, actor=SYSTEM)
    assert not Event.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_when_the_change_is_undone_its_event_is_too() -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        record(AuditCheckAsked(), organization_id=ACME, actor=SYSTEM)
        1 / 0  # noqa: B018
    assert not Event.objects.exists()
    assert not Unsealed.objects.exists()


def test_everything_in_one_request_carries_one_id() -> None:
    with request() as outer:
        assert call_event().request_id == call_event().request_id == outer
    assert request_id() != request_id() != outer


def test_a_person_who_acts_is_the_person_of_the_event() -> None:
    alice = Actor("person", DANA.id, "Alice")
    assert compose(AuditCheckAsked(), organization_id=ACME, actor=alice).person_id == DANA.id
    assert compose(AuditCheckAsked(), organization_id=ACME, actor=SYSTEM).person_id is None


def test_a_secret_cannot_be_recorded() -> None:
    with pytest.raises(NotRecordable) as refusal:
        call_event(token=Secret("s3cret-value"))
    assert "s3cret" not in str(refusal.value)


def test_lone_surrogates_and_long_words_cannot_be_recorded() -> None:
    with pytest.raises(NotRecordable):
        call_event(client="\ud800")
    with pytest.raises(NotRecordable):
        call_event(decision="a long explanation")


def test_events_read_as_sentences() -> None:
    intent = orjson.loads(call_event(client="Claude Code").body)
    assert sentence_for(intent) == "Dana with Claude Code on Dana's laptop called search_customers on CRM."
    outcome = orjson.loads(call_event(CALL_OUTCOME, outcome="timeout", reason="120 s were not enough.").body)
    assert sentence_for(outcome).endswith("by Dana on Dana's laptop ran out of time: 120 s were not enough.")
    refused = orjson.loads(call_event(CALL_REFUSED).body)
    assert sentence_for(refused) == "Dana on Dana's laptop was refused search_customers on CRM."


def test_a_sentence_never_fails() -> None:
    assert sentence_for({}).startswith("Someone did something")
    assert "(nothing.known)" in sentence_for({"code": "nothing.known", "actor": {"label": "Alice"}})
    assert sentence_for({"code": CALL_INTENT}) == "Someone called a tool."
    assert "{actor.__class__}" in sentence_for({"code": CALL_INTENT, "tool": {"label": "{actor.__class__}"}})
