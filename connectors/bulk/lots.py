"""The tools of a bulk change, sorted by what a person has to know of them before they decide."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from connectors.bulk.standing import Standing
from connectors.bulk.wish import Wish
from connectors.definitions.oddities import oddities_in
from connectors.models import Risk, Tool, ToolVersion

MOST_READ = 6_000_000
"""Characters of definitions that one preview looks through: seconds."""
MOST_TOLD = 3
"""Of one tool's oddities."""
NOT_READ = "Harriet did not look through its definition: there is too much in those of the others."


class Lot(StrEnum):
    READ_ONLY = "read_only"
    MODERATE = "moderate"
    UNKNOWN = "unknown"
    DANGEROUS = "dangerous"
    ODD = "odd"
    """Read-only or moderate by what the server says, with a text that speaks to the AI."""
    ALREADY = "already"
    QUARANTINED = "quarantined"
    REMOVED = "removed"


NAMED = (Lot.DANGEROUS, Lot.UNKNOWN, Lot.ODD)
"""Each of these is ticked by name where something is asked."""
CHANGED = (Lot.READ_ONLY, Lot.MODERATE, *NAMED)


class Seen(NamedTuple):
    """One tool at the preview."""

    standing: Standing
    lot: Lot
    remarks: tuple[str, ...] = ()
    """What its definition has that is pointed out."""

    def to_json(self) -> list[Any]:
        return [self.standing, self.lot, self.remarks]

    @classmethod
    def from_json(cls, row: list[Any]) -> Seen:
        return cls(Standing.from_json(row[0]), Lot(row[1]), tuple(row[2]))


class Choice(NamedTuple):
    """What a person decided at the preview, where something was asked."""

    with_moderate: bool = False
    ticked: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class Lots:
    wish: Wish
    seen: Mapping[UUID, Seen]

    @property
    def counts(self) -> Counter[Lot]:
        return Counter(one.lot for one in self.seen.values())

    @property
    def asks(self) -> bool:
        """Where there is risk, nothing but the read-only ones is changed without a tick."""
        counts = self.counts
        if self.wish.action == "unconfirm" or self.wish.gives_to_everyone:
            return any(counts[lot] for lot in CHANGED)
        named = self.of(*NAMED)
        return bool(self.wish.action == "enable" and named) or any(
            self.seen[key].standing.is_opened_by(self.wish) for key in named
        )

    def of(self, *lots: Lot) -> list[UUID]:
        return [key for key, one in self.seen.items() if one.lot in lots]

    def chosen(self, choice: Choice) -> set[UUID]:
        """All that would change, or of them what is read-only and what was ticked."""
        if not self.asks:
            return set(self.of(*CHANGED))
        plain = [Lot.READ_ONLY, Lot.MODERATE] if choice.with_moderate else [Lot.READ_ONLY]
        return {*self.of(*plain), *(choice.ticked & set(self.of(*NAMED)))}

    @property
    def words(self) -> str:
        """ "62 read-only, 9 that change things, 4 dangerous, 2 in quarantine stay as they are, 3 are already on"."""
        counts = self.counts
        parts = [f"{counts[lot]} {_words(lot, counts[lot])}" for lot in CHANGED if counts[lot]]
        return ", ".join([*parts, *self._that_stay(counts)]) or "nothing"

    def _that_stay(self, counts: Counter[Lot]) -> Iterator[str]:
        if count := counts[Lot.QUARANTINED]:
            yield f"{count} in quarantine {'stays as it is' if count == 1 else 'stay as they are'}"
        if count := counts[Lot.REMOVED]:
            yield f"{count} no longer offered {'stays as it is' if count == 1 else 'stay as they are'}"
        if count := counts[Lot.ALREADY]:
            yield f"{count} {'is' if count == 1 else 'are'} {self.wish.already}"


def _words(lot: Lot, count: int) -> str:
    return f"that change{'s' if count == 1 else ''} things" if lot == Lot.MODERATE else _LOT_WORDS[lot]


_LOT_WORDS = {
    Lot.READ_ONLY: "read-only",
    Lot.DANGEROUS: "dangerous",
    Lot.UNKNOWN: "of unknown risk",
    Lot.ODD: "with a text that speaks to the AI",
}
_LOT_OF_RISK = {
    Risk.READ_ONLY: Lot.READ_ONLY,
    Risk.MODERATE: Lot.MODERATE,
    Risk.DANGEROUS: Lot.DANGEROUS,
    Risk.UNKNOWN: Lot.UNKNOWN,
}


def sort_tools(tools: Iterable[Tool], standings: Mapping[UUID, Standing], wish: Wish) -> Lots:
    first = {tool.pk: _first_lot(standings[tool.pk], wish) for tool in tools}
    remarks = remarks_on([key for key, lot in first.items() if lot in CHANGED]) if wish.lets_more else {}
    return Lots(wish, {key: _seen(standings[key], lot, remarks.get(key, ())) for key, lot in first.items()})


def _first_lot(standing: Standing, wish: Wish) -> Lot:
    if wish.lets_more and standing.state == Tool.State.QUARANTINED:
        return Lot.QUARANTINED
    if wish.lets_more and standing.state == Tool.State.REMOVED:
        return Lot.REMOVED
    return Lot.ALREADY if standing.is_as_wished(wish) else _LOT_OF_RISK[Risk(standing.risk)]


def _seen(standing: Standing, lot: Lot, remarks: tuple[str, ...]) -> Seen:
    return Seen(standing, Lot.ODD if remarks and lot in {Lot.READ_ONLY, Lot.MODERATE} else lot, remarks)


def remarks_on(ids: list[UUID]) -> dict[UUID, tuple[str, ...]]:
    """What speaks to the AI in them, a sentence each; only what has something is named."""
    found: dict[UUID, tuple[str, ...]] = {}
    read = 0
    rows = ToolVersion.objects.filter(is_pinned=True, tool__in=ids).values_list("tool_id", "definition")
    for tool_id, definition in rows.iterator(chunk_size=200):
        if read > MOST_READ:
            found[tool_id] = (NOT_READ,)
            continue
        read += len(str(definition))
        speaking = [one for one in oddities_in(definition) if one.speaks][:MOST_TOLD]
        if speaking:
            found[tool_id] = tuple(f"{one.kind.reason} In its {one.where}." for one in speaking)
    return found
