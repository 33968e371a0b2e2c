"""How far a verification in ranges has come in one log. A Checkpoint holds it, as text, under its MAC."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from audit.chain import hashes
from audit.models import Checkpoint
from audit.verification.faults import Faults
from harriet.lib.microseconds import microseconds_of, moment_at

_NAMED = 20
"""Faults that are kept one by one; the others are counted."""
_LONGEST = timedelta(minutes=10)
"""That a verification took which didn't write down when it began."""


class Position(msgspec.Struct, frozen=True):
    """Behind this seal; as it stands, before the first."""

    sequence: int = 0
    link: str = hashes.START.hex()
    seen: int = 0
    """The last of others' seals that was passed over since then; 0 for none."""
    until: int = 0
    """Each event recorded up to then is in a seal (microseconds since 1970; 0 for before all of them)."""


class Findings(msgspec.Struct):
    """What was found wrong, and lasts until somebody has looked again."""

    sentences: list[str] = []
    """The first of them."""
    count: int = 0
    foreign: int = 0
    """How many are only rows in no seal that Harriet did not write."""

    def add(self, faults: Faults, foreign: int = 0) -> None:
        """What is told already isn't counted again: the end of a log is looked at many times in a round."""
        known = set(self.sentences)
        named = [fault.sentence for fault in faults.named if fault.sentence not in known]
        self.sentences = [*self.sentences, *named][:_NAMED]
        self.count += faults.count - (len(faults.named) - len(named))
        self.foreign += foreign

    @property
    def rank(self) -> tuple[bool, int]:
        """How bad it is: rows from elsewhere leave the chain whole."""
        return self.count > self.foreign, self.count


class Round(msgspec.Struct):
    """A walk through the whole log, from its beginning to where it ended then, in many turns."""

    began: int
    """Microseconds since 1970."""
    goal: Position
    at: Position = Position()


class Place(msgspec.Struct):
    newest: Position
    """Up to here the chain was verified as it grew."""
    round: Round | None = None
    """The one that goes on."""
    found: Findings = msgspec.field(default_factory=Findings)
    """Since the last whole look at the log."""
    past: Findings = msgspec.field(default_factory=Findings)
    """By that look: stands until the next one is over."""
    of_database: str = ""
    """What is wrong with the database, the first of it."""
    is_overdue: bool = False
    """Events waited for their seal for too long."""

    @property
    def standing(self) -> Findings:
        """The worse of both: what was found once isn't over because somebody looked elsewhere since."""
        return max(self.found, self.past, key=lambda findings: findings.rank)


def whole_since(made: Checkpoint) -> datetime | None:
    """Each event that was sealed then has been verified since; None until that is so for the first time."""
    return made.whole_since if made.place else made.verified_at


def newest_until(made: Checkpoint) -> datetime:
    """Each event recorded up to then was verified when it was new."""
    return moment_at(place_of(made).newest.until)


def text_of(place: Place) -> str:
    return msgspec.json.encode(place).decode()


def place_of(made: Checkpoint) -> Place:
    """Of those from before there were ranges, each looked at the whole log."""
    if made.place:
        return msgspec.json.decode(made.place, type=Place)
    until = microseconds_of(made.verified_at - _LONGEST)
    past = Findings([made.fault] if made.fault else [], max(made.faults, len(made.fault[:1])), made.foreign)
    return Place(Position(made.sequence, bytes(made.link).hex(), until=until), past=past)
