"""What the form of a new connector may be filled in with, and whether somebody who typed a name meant it."""

from __future__ import annotations

import re
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
        typed, filled_in = _words(name), _words(self.name)
        if not typed or not filled_in:
            return False
        return set(filled_in) <= set(typed) or (filled_in[0] in typed and set(typed) <= set(filled_in))


def _words(name: str) -> list[str]:
    """Whole ones: “Git” or “Hub” is not GitHub, and “CRM” is not any vendor's."""
    return re.findall(r"\w+", name.casefold())
