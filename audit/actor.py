"""Who did it: the person, token or system that every action is told of as `actor`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Actor:
    kind: Literal["person", "token", "system"]
    id: UUID | None
    label: str


SYSTEM = Actor("system", None, "Harriet")


class Label(NamedTuple):
    """A thing as it was called at the time: events keep the name, because they outlive what they describe."""

    id: UUID
    label: str
