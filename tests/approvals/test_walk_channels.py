"""How approvers hear of a call: one file for each channel, named in one dictionary that every moment walks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from approvals import channels
from approvals.actions.approve_action import approve_action
from approvals.actions.tell_approvers import tell_approvers, tell_approvers_the_rest
from approvals.channels.base import Channel
from approvals.channels.registry import CHANNELS
from approvals.models import PendingAction
from tests.stage.held_calls import Mailing

FOLDER = Path(channels.__file__).parent
DOCS = FOLDER.parents[1] / "docs" / "approvals.md"


class Blackboard(Channel):
    """A third channel, which writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def announce(self, action: PendingAction) -> bool:
        self.told.append("announced")
        return True

    def settle(self, action: PendingAction) -> None:
        self.told.append("settled")

    def deliver(self, action: PendingAction) -> None:
        self.told.append("delivered")

    def undelivered(self) -> list[PendingAction]:
        return list(PendingAction.objects.filter(state=PendingAction.State.WAITING))


def test_a_new_channel_hears_of_every_moment(mailing: Mailing, monkeypatch: pytest.MonkeyPatch) -> None:
    blackboard = Blackboard()
    monkeypatch.setitem(CHANNELS, "blackboard", blackboard)
    held = mailing.held()
    assert blackboard.told == ["announced"]
    tell_approvers(held.action_id)
    tell_approvers_the_rest()
    approve_action(mailing.action(held), actor=mailing.cast.actor(mailing.cast.bob))
    tell_approvers_the_rest()
    assert blackboard.told == ["announced", "delivered", "delivered", "settled"]


def test_each_file_is_a_channel_that_registry_and_docs_name() -> None:
    files = {path.stem for path in FOLDER.glob("*.py")} - {"__init__", "base", "registry"}
    named = {name: type(channel).__module__.rpartition(".")[2] for name, channel in CHANNELS.items()}
    assert named == {file: file for file in files}, "CHANNELS in approvals/channels/registry.py"
    section = DOCS.read_text().partition("## How approvers hear of it")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) == files, "docs/approvals.md"


@pytest.mark.parametrize("name", CHANNELS)
def test_what_a_channel_delivers_can_be_found_again(name: str) -> None:
    """Losing a message to a worker loses nothing."""
    kind = type(CHANNELS[name])
    own = {moment for moment in ("announce", "settle", "deliver", "undelivered") if moment in vars(kind)}
    assert "announce" in own
    assert ("deliver" in own) == ("undelivered" in own)
