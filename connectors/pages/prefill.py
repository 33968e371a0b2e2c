"""What the form of a new connector may be filled in with, and whether somebody who typed a name meant it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Prefill:
    """What a preset or a pasted configuration says."""

    name: str
    url: str
    description: str = ""

    def is_meant_for(self, name: str) -> bool:
        """Whether somebody who typed this name goes on with what was filled in. An address under another name is not
        taken: the next step would send that other company's key there."""
        typed, filled_in = name.strip().casefold(), self.name.strip().casefold()
        return bool(typed) and (filled_in in typed or typed in filled_in)
