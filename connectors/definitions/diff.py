"""What changed between the tools that were accepted and the ones a server offers now. Pure: no database, no network."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from connectors.definitions.offer import Offer, Offered


@dataclass(frozen=True, slots=True)
class Known:
    """One tool as Harriet knows it."""

    name: str
    pinned: bytes
    """The digest of the accepted definition."""
    body: bytes
    """The digest of everything in it but the name."""
    proposed: bytes | None = None
    """The digest of the definition that waits for an admin, if one does."""
    is_quarantined: bool = False
    is_removed: bool = False


@dataclass(frozen=True, slots=True)
class Difference:
    added: list[Offered] = field(default_factory=list)
    changed: list[Offered] = field(default_factory=list)
    """Newly different from the pinned definition, or different in another way than before."""
    restored: list[Offered] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    renamed: dict[str, str] = field(default_factory=dict)
    """New name → the name it probably had."""

    @property
    def is_empty(self) -> bool:
        return not (self.added or self.changed or self.restored or self.removed)


def compare(known: Iterable[Known], offer: Offer) -> Difference:
    """Of things of one kind: tools or prompts."""
    by_name = {tool.name: tool for tool in known}
    difference = Difference()
    for offered in offer.tools.values():
        _place(offered, by_name.get(offered.name), difference)
    gone = [tool for tool in by_name.values() if tool.name not in offer.tools]
    difference.removed.extend(tool.name for tool in gone if not tool.is_removed)
    _pair_renames(difference, gone)
    return difference


def _place(offered: Offered, known: Known | None, difference: Difference) -> None:
    if known is None:
        difference.added.append(offered)
    elif offered.digest == known.pinned:
        if known.is_quarantined or known.is_removed:
            difference.restored.append(offered)
    elif offered.digest != known.proposed or not known.is_quarantined:
        difference.changed.append(offered)


def _pair_renames(difference: Difference, gone: list[Known]) -> None:
    """Each tool that went is the old name of at most one that came."""
    by_body = {}
    for tool in sorted(gone, key=lambda tool: tool.is_removed, reverse=True):  # the latest to go wins
        by_body[tool.body] = tool.name
    for offered in difference.added:
        old = by_body.pop(offered.body, None)
        if old is not None:
            difference.renamed[offered.name] = old
