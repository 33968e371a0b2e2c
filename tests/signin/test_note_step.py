"""What happens on a client's way in is noted in words, at no cost and no risk for the way itself."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from harriet.lib.ids import new_id
from harriet.signin import step_words, steps
from harriet.signin.models import Application, ConnectionStep
from harriet.signin.step_words import DETAILS, KINDS, PROBLEMS, kind_of, trouble_of
from harriet.signin.steps import note_step
from tests.stage.cast import Cast


def test_note_what_a_client_did(cast: Cast) -> None:
    client = Application.objects.create(organization=cast.acme, name="Claude Code", client_id="claude")

    note_step(
        cast.acme.pk, "token", user_id=cast.dana.pk, application=client, problem="invalid_grant", scope="tools.read"
    )

    step = ConnectionStep.objects.get()
    assert (step.organization, step.user, step.application_id) == (cast.acme, cast.dana, client.pk)
    assert (step.client, step.kind, step.problem) == ("Claude Code", "token", "invalid_grant")
    assert step.details == {"scope": "tools.read"}


def test_keep_only_details_that_have_a_label(cast: Cast) -> None:
    note_step(cast.acme.pk, "token", user_id=cast.dana.pk, code="a code", token="a token", host="claude.ai")

    assert ConnectionStep.objects.get().details == {"host": "claude.ai"}


def test_show_what_a_client_hides_in_its_name(cast: Cast) -> None:
    note_step(cast.acme.pk, "registered", client="Cla\u202eude\n" + "x" * 500)

    name = ConnectionStep.objects.get().client
    assert name.startswith("Cla⟨U+202E⟩ude x") and len(name) <= 120


def test_go_on_when_it_could_not_be_noted(committed_cast: Cast) -> None:
    """Also within a transaction, which stays whole."""
    with transaction.atomic():
        note_step(new_id(), "registered", client="Of no organization")
        connection.set_rollback(True)
    with pytest.raises(DatabaseError), transaction.atomic():
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT 1 / 0")
        except DatabaseError:
            connection.set_rollback(True)
        note_step(committed_cast.acme.pk, "registered", client="In a broken transaction")
        raise DatabaseError
    note_step(committed_cast.acme.pk, "registered", client="Claude")

    assert [step.client for step in ConnectionStep.objects.all()] == ["Claude"]


def test_note_so_many_of_nobody_within_a_minute(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "_nameless", steps._Nameless())
    for _ in range(steps._MOST_NAMELESS + 5):
        note_step(cast.acme.pk, "resource_metadata")
    note_step(cast.globex.pk, "resource_metadata")
    note_step(cast.acme.pk, "token", user_id=cast.dana.pk)

    noted = ConnectionStep.objects.filter(organization=cast.acme)
    assert noted.filter(user=None).count() == steps._MOST_NAMELESS
    assert noted.filter(user=cast.dana).exists()
    assert ConnectionStep.objects.filter(organization=cast.globex).count() == 1


def test_say_each_step_and_each_problem_in_sentences() -> None:
    assert len({kind.done for kind in KINDS.values()}) == len(KINDS)
    for kind in KINDS.values():
        assert kind.done and kind.failed and kind.mend.endswith("."), kind
        assert not kind.done.endswith(".")
    for trouble in PROBLEMS.values():
        assert trouble.words.endswith(".") and (not trouble.mend or trouble.mend.endswith(".")), trouble
    assert all(DETAILS.values())
    assert kind_of("of another version").done and trouble_of("of another version") is step_words.UNKNOWN
