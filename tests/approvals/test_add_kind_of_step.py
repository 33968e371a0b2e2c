"""Whoever adds a kind of step writes one file, a line in the dictionary, a form and a row of the docs."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

import pytest

import approvals.runs.steps
from approvals.pages.workflow_forms import STEP_FORMS
from approvals.runs.steps.kinds import KINDS
from tests.house.source import BASE

each_kind = pytest.mark.parametrize("code", KINDS)


def test_each_kind_that_is_written_stands_in_the_dictionary() -> None:
    modules = [
        import_module(f"{approvals.runs.steps.__name__}.{one.name}")
        for one in iter_modules(approvals.runs.steps.__path__)
    ]
    classes = [value for one in modules for value in vars(one).values() if isinstance(value, type)]
    written = {
        one for one in classes if one.__module__.startswith(approvals.runs.steps.__name__) and hasattr(one, "code")
    }
    assert written == {type(kind) for kind in KINDS.values()}
    assert all(code == kind.code for code, kind in KINDS.items())


@each_kind
def test_each_has_a_form(code: str) -> None:
    assert list(STEP_FORMS) == list(KINDS)
    assert len(STEP_FORMS[code].base_fields) > 1, "it asks for more than the name of the step"


@each_kind
def test_each_has_its_row_in_the_docs(code: str) -> None:
    rows = (BASE / "docs" / "workflows.md").read_text()
    assert f"\n| {KINDS[code].label} | `{code}` |" in rows
