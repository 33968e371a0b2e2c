"""The places that a new spelling of secrets touches: one row of a table, the docs, and a form that is looked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from harriet.lib.redaction.needles import ENCODINGS
from harriet.lib.redaction.spelling import STEPS, Encoding, layers, quick_layers
from tests.lib.test_redact_secret import FORMS, VALUE

DOCS = " ".join((Path(__file__).parents[2] / "docs/redaction.md").read_text().split())
COUNTED, NOT_COVERED = DOCS.split("## What counts as the secret")[1].split("## What is not covered")
LETTERS = [
    "".join(letter for letter in form.lower() if letter.isascii() and letter.isalnum()) for form in FORMS.values()
]


@pytest.mark.parametrize("what", [*ENCODINGS, *(step.what for step in STEPS)])
def test_the_docs_name_it(what: str) -> None:
    assert what in COUNTED


@pytest.mark.parametrize("what", ENCODINGS)
def test_an_encoding_has_a_form_that_is_looked_for(what: str) -> None:
    """`test_every_form_is_found` looks for each form; one of them is found by the encoding's own needles."""
    own = [needle.letters.decode() for needle in ENCODINGS[what](VALUE)]
    assert any(letters in form for letters in own for form in LETTERS), "FORMS in tests/lib/test_redact_secret.py"


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.what)
def test_a_step_has_a_form_that_both_its_ways_undo(step: Encoding) -> None:
    forms = [form for form in FORMS.values() if step.sign in form and step.pattern.search(form)]
    assert forms, "FORMS in tests/lib/test_redact_secret.py"
    for form in forms:
        assert layers(form)[-1] == quick_layers(form)[-1] != form
