"""What people are told: a row for each kind, a file for each channel, named in one dictionary and one document each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pytest

from harriet.people.actions.choose_notifications import choose_notifications
from harriet.people.actions.send_notices import send_due_notices
from harriet.people.actions.tell_people import tell_people
from harriet.people.models import Notice, User
from harriet.people.notifications import channels
from harriet.people.notifications.channels.base import Channel
from harriet.people.notifications.channels.registry import CHANNELS
from harriet.people.notifications.kinds import FOR_YOU, KINDS, Matter
from tests.stage.cast import Cast

FOLDER = Path(channels.__file__).parent
ROOT = FOLDER.parents[3]
DOCS = (ROOT / "docs" / "notifications.md").read_text()


class Blackboard(Channel):
    """A channel that writes down what it is given."""

    label = "The blackboard in the hall"

    def __init__(self) -> None:
        self.told: list[str] = []

    def due(self, now: datetime) -> datetime | None:
        return now

    def send(self, user: User, lines: Sequence[Notice]) -> None:
        self.told += [f"{user}: {line.text}" for line in lines]


@pytest.mark.django_db
def test_who_chooses_a_new_channel_hears_by_it(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    blackboard = Blackboard()
    monkeypatch.setitem(CHANNELS, "blackboard", blackboard)
    choose_notifications(cast.bob, {"for_you": "blackboard"})
    tell_people(Matter(FOR_YOU, cast.acme.pk, "key", "A cake.", "/"), [cast.bob.pk, cast.dana.pk])
    send_due_notices()
    send_due_notices()
    assert blackboard.told == ["Bob: A cake."]


def test_each_file_is_a_channel_that_registry_and_docs_name() -> None:
    files = {path.stem for path in FOLDER.glob("*.py")} - {"__init__", "base", "registry"}
    named = {name: type(channel).__module__.rpartition(".")[2] for name, channel in CHANNELS.items()}
    assert named == {file: file for file in files}, "CHANNELS in harriet/people/notifications/channels/registry.py"
    assert _rows("How people hear of it") == files, "docs/notifications.md"


def test_the_docs_name_each_kind() -> None:
    assert _rows("What is told") == set(KINDS), "docs/notifications.md"
    assert all(len(code) <= Notice._meta.get_field("kind").max_length for code in KINDS)


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.code)
def test_each_kind_is_told_by_somebody(kind: object) -> None:
    """By its name, elsewhere than where it stands."""
    from harriet.people.notifications import kinds

    name = next(name for name, value in vars(kinds).items() if value is kind)
    folders = ("harriet", "connectors", "vault", "approvals")
    files = [path for folder in folders for path in (ROOT / folder).rglob("actions/*.py")]
    files += [ROOT / "approvals" / "waiting_calls.py", ROOT / "vault" / "oauth" / "outcomes.py"]
    assert any(re.search(rf"\b{name}\b", path.read_text()) for path in files), name


def _rows(heading: str) -> set[str]:
    section = DOCS.partition(f"## {heading}")[2].partition("\n## ")[0]
    return set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE))
