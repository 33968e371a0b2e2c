"""The map says what the house is: whatever is drawn or listed is made from the code, and up to date."""

import ast

import pytest

from tests.house import picture, reference
from tests.house.report import ROOTS, circles_below
from tests.house.source import BASE, parsed, text_of


def test_the_picture_is_what_the_contracts_say() -> None:
    assert picture.PICTURE.read_text() == picture.drawn(), "Draw it anew: make house"


def test_the_reference_is_what_the_code_says() -> None:
    assert reference.PAGE.read_text() == reference.page(), "Write it anew: make house"


def test_each_folder_says_what_it_holds() -> None:
    assert reference.folders_without_a_word() == []


@pytest.mark.parametrize("rows", [reference.commands, reference.tasks, reference.error_classes])
def test_nothing_is_listed_without_a_word(rows: object) -> None:
    assert callable(rows)
    listed = rows()
    assert len(listed) > 5
    assert [row.name for row in listed if len(row.says.split()) < 4] == []


@pytest.mark.parametrize("root", ROOTS)
def test_no_siblings_import_each_other_in_a_loop(root: str) -> None:
    """As the contract has it; here so that the report counts what the contract refuses."""
    assert circles_below(root) == 0


def test_each_metric_is_documented() -> None:
    page = (BASE / "docs" / "metrics.md").read_text()
    tree = ast.parse((BASE / "harriet" / "gateway" / "metrics_page.py").read_text())
    names = {text for node in ast.walk(tree) if (text := text_of(node)).startswith("harriet_")}  # type: ignore[arg-type]
    assert len(names) > 8
    assert {name for name in names if f"`{name}" not in page} == set()


def test_the_sentences_are_found() -> None:
    """The list of sentences misses none of a kind: each `raise` of a Problem with a plain text is on it."""
    listed = {(sentence.where, sentence.text) for sentence in reference.sentences()}
    classes = set(reference.problem_classes())
    raised = {
        (str(path), text_of(node.exc.args[0]))
        for path, tree in parsed()
        for node in ast.walk(tree)
        if isinstance(node, ast.Raise)
        and isinstance(node.exc, ast.Call)
        and reference.name_of(node.exc) in classes
        and node.exc.args
        and " " in text_of(node.exc.args[0])
    }
    assert len(raised) > 100
    assert raised <= listed
