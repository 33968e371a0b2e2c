"""What a verification found wrong: the first of it in sentences, all of it in numbers."""

from __future__ import annotations

from dataclasses import dataclass, field

NAMED = 100
"""Faults that are told one by one; the others are counted."""


@dataclass(frozen=True, slots=True)
class Fault:
    sentence: str
    sequence: int | None = None
    event_id: str | None = None


@dataclass(slots=True)
class Faults:
    """Kept in the order in which they were found."""

    named: list[Fault] = field(default_factory=list)
    count: int = 0

    def add(self, sentence: str, sequence: int | None = None, event_id: str | None = None) -> None:
        self.count += 1
        if len(self.named) < NAMED:
            self.named.append(Fault(sentence, sequence, event_id))

    def extend(self, others: Faults) -> None:
        """With their count."""
        for fault in others.named:
            self.add(fault.sentence, fault.sequence, fault.event_id)
        self.count += others.count - len(others.named)

    def sentences(self) -> list[str]:
        more = self.count - len(self.named)
        return [fault.sentence for fault in self.named] + ([f"And {more} more."] if more else [])


def first_of(sentences: list[str]) -> str:
    """Nothing where nothing is wrong."""
    return sentences[0] if sentences else ""
