"""The words for what was decided about a call and what became of it: one table for the log's sentences, the chips of
the audit page and of a person's own activity, and the filters."""

from __future__ import annotations

from typing import Literal, NamedTuple

Hue = Literal["ok", "attention", "danger", "neutral"]


class Word(NamedTuple):
    label: str
    """On a chip and in a filter."""
    hue: Hue
    sentence: str = ""
    """After "The call of …"; decisions need none, for each has an event with a sentence of its own."""


DECISIONS = {
    "run": Word("Allowed", "neutral"),
    "hold": Word("Held for approval", "attention"),
    "refuse": Word("Refused", "danger"),
}
OUTCOMES = {
    "ok": Word("Succeeded", "ok", "succeeded"),
    "error": Word("Error", "danger", "ended in an error"),
    "timeout": Word("Ran out of time", "danger", "ran out of time"),
    "cancelled": Word("Cancelled", "neutral", "was cancelled"),
    "unknown": Word("Unknown outcome", "attention", "has no known outcome"),
}


def word_for(decision: str, outcome: str) -> Word | None:
    """The outcome's, once there is one; None for changes, which have neither, and for words of another version."""
    return OUTCOMES.get(outcome) if outcome else DECISIONS.get(decision)


def choices_of(words: dict[str, Word]) -> list[tuple[str, str]]:
    """For a form's select."""
    return [(code, word.label) for code, word in words.items()]
