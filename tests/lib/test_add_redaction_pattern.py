"""The places that a new spelling of secrets touches: one row of a table, the docs, and a form that is looked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from harriet.lib.redaction.needles import ENCODINGS
from harriet.lib.redaction.spelling import STEPS, Encoding, layers, quick_layers
from tests.lib.test_redact_secret import FORMS, VALUE

DOCS = " ".join((Path(__file__).parents[2] / "docs/redaction.md").read_text().split())
COUNTED, NOT_COVERED = DOCS.split("## What counts as the secret")[1].split("## What is not covered")
FORM_OF = {
    "base64": "base64, phase 1",
    "base32": "base32, in the middle",
    "hexadecimal": "hex",
    "`0x`": "hex with 0x",
    "bytes in decimal numbers": "decimal bytes",
}


@pytest.mark.parametrize("what", [*ENCODINGS, *(step.what for step in STEPS)])
def test_the_docs_name_it(what: str) -> None:
    assert what in COUNTED


@pytest.mark.parametrize("what", ENCODINGS)
def test_an_encoding_has_a_form_that_is_looked_for(what: str) -> None:
    """`test_every_form_is_found` looks for each form; this one is found by the encoding's own needles."""
    form = "".join(letter for letter in FORMS[FORM_OF[what]].lower() if letter.isascii() and letter.isalnum())
    assert any(needle.letters.decode() in form for needle in ENCODINGS[what](VALUE))


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.what)
def test_a_step_has_a_form_that_both_its_ways_undo(step: Encoding) -> None:
    forms = [form for form in FORMS.values() if step.sign in form and step.pattern.search(form)]
    assert forms
    for form in forms:
        assert layers(form)[-1] == quick_layers(form)[-1] != form
