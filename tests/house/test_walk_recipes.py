"""docs/recipes.md, walked: each place of each recipe is there and holds the recipe's example; each recipe is walked by
a test of its own. And the questions that a newcomer asks of the tree, answered by its names and first lines alone."""

import re
from collections.abc import Iterator
from math import log
from typing import NamedTuple

import pytest

from tests.house.picture import says
from tests.house.source import BASE, ROOTS, source_files


class Recipe(NamedTuple):
    title: str
    examples: list[str]
    """What it is called: by people and rows, and in code."""
    places: list[str]
    walkers: list[str]


WANTED = {
    "connector kind",
    "credential type",
    "role",
    "permission",
    "page",
    "settings row",
    "audit event",
    "Celery task",
    "MCP revision",
    "redaction pattern",
}


def recipes() -> Iterator[Recipe]:
    """A recipe for each example: “Add a permission” has two."""
    for part in (BASE / "docs" / "recipes.md").read_text().split("\n## ")[1:]:
        title = part.splitlines()[0]
        for text in re.split(r"(?=Example: `)", part)[1:]:
            examples = re.findall(r"`([^`]+)`", text.splitlines()[0])
            places = re.findall(r"^\d+\. `([^`]+)`", text, re.MULTILINE)
            walkers = re.findall(r"`(tests/[\w/]+/test_\w+\.py)`", text)
            yield Recipe(title, examples, places, walkers)


RECIPES = list(recipes())


def test_there_is_one_for_whatever_comes_in_kinds() -> None:
    known = {re.sub(r"^Add an? ", "", recipe.title) for recipe in RECIPES}
    assert known >= WANTED
    assert len(RECIPES) > len(WANTED)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: f"{recipe.title}-{recipe.examples[0]}")
def test_each_place_is_there_and_holds_the_example(recipe: Recipe) -> None:
    assert len(recipe.places) > 1
    for place in recipe.places:
        path = BASE / place
        assert path.exists(), f"{recipe.title}: {place} is not there"
        text = place + (path.read_text() if path.is_file() else "")
        assert any(example in text for example in recipe.examples), f"{recipe.title}: {place} has none"


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: f"{recipe.title}-{recipe.examples[0]}")
def test_each_is_walked_by_a_test(recipe: Recipe) -> None:
    assert recipe.walkers, f"{recipe.title} is walked by nothing"
    for walker in recipe.walkers:
        assert (BASE / walker).exists(), f"{recipe.title}: {walker} is not there"


QUESTIONS = {
    "where is the rule that says who may call a tool": "connectors/access/rules.py",
    "where is a secret opened for one call": "vault/open.py",
    "where is the chain of the audit log sealed": "audit/chain/sealing.py",
    "where is the governed call from top to bottom": "harriet/gateway/call.py",
    "where do sessions of handshake-era clients live": "harriet/gateway/streams/sessions.py",
    "where is a call put on a ticket": "approvals/actions/hold_action.py",
    "where is it decided who may decide on a held call": "approvals/deciders.py",
    "where are the definitions of tools compared with what was accepted": "connectors/definitions/diff.py",
    "where are roles and their powers": "harriet/people/roles.py",
    "where are secrets taken out of answers": "harriet/lib/redaction/redactor.py",
    "where is the health of a server that is down": "harriet/gateway/steps/health.py",
    "where does the wizard keep its steps": "connectors/wizard_steps.py",
    "where is the sentence for a call to a tool that is quarantined": "connectors/access/rules.py",
    "how long is a call held for a person before its client gets the ticket": "harriet/gateway/steps/hold.py",
    "which header carries the session id": "harriet/lib/mcp/headers.py",
    "what may somebody with the role auditor open": "harriet/people/roles.py",
    "how long to wait for a retry when a server answers with an error": "connectors/transports/native/failure.py",
    "where is the mail to approvers": "harriet/people/notifications/channels/mail.py",
    "where is a secret looked for in base64": "harriet/lib/redaction/needles.py",
    "who may issue a token for another person": "harriet/people/holders.py",
    "where is the colour of a risk chip": "harriet/pages/parts.py",
    "how is a backup walked": "tests/ground/test_restore_backup.py",
    "where are wrong passwords slowed down": "harriet/signin/attempts.py",
    "where is a set-up file applied": "harriet/console/setup_file/apply.py",
    "which risk class does a new tool get": "connectors/definitions/risk.py",
    "where is the list of tools that a client gets": "harriet/gateway/policy/listing.py",
}
SMALL = frozenset(
    re.findall(r"\w+", "where is the that of a an it its who what for from to and are does in on one do with")
)
FIRST_GUESSES = 3


def words(text: str) -> set[str]:
    """Without the endings that a question has and a name hasn't."""
    found = re.findall(r"[a-z]+", text.lower().replace("_", " "))
    return {re.sub(r"(ions?|ings?|ed|es|s|e)$", "", word) for word in found if word not in SMALL}


def modules() -> dict[str, set[str]]:
    """Harriet's, and the tests of how it is run."""
    files = source_files(BASE, *ROOTS, "tests/ground")
    paths = (path.relative_to(BASE) for path in files if path.stem != "__init__")
    named = {str(path): ".".join(path.with_suffix("").parts) for path in paths}
    return {path: words(f"{path.removesuffix('.py').replace('/', ' ')} {says(name)}") for path, name in named.items()}


@pytest.fixture(scope="module")
def tree() -> dict[str, set[str]]:
    return modules()


@pytest.mark.parametrize(("question", "answer"), QUESTIONS.items())
def test_a_question_leads_to_its_file(tree: dict[str, set[str]], question: str, answer: str) -> None:
    """By file names and first lines, as somebody reads who has the tree before them. A rare word says more."""
    assert answer in tree, f"{answer} is not there"
    asked = words(question)
    weight = {word: log(len(tree) / max(1, sum(word in known for known in tree.values()))) for word in asked}
    score = {path: sum(weight[word] for word in asked & known) / (1 + log(len(known))) for path, known in tree.items()}
    guesses = sorted(score, key=lambda path: -score[path])[:FIRST_GUESSES]
    assert answer in guesses, f"“{question}?” leads to {guesses}"
