"""What Harriet stands on: each package of its lock that is installed here, with its version and licence."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.metadata import Distribution, distributions

from django.conf import settings

_LONGEST = 60
"""Some packages give the whole text where the name belongs."""


@dataclass(frozen=True, slots=True)
class Package:
    name: str
    version: str
    licence: str


@cache
def packages() -> tuple[Package, ...]:
    """By name. Read once: what is installed changes with a restart only."""
    installed = {_plain(one.metadata["Name"]): one for one in distributions() if one.metadata["Name"]}
    locked = re.findall(r"^([A-Za-z0-9._-]+)==", (settings.BASE_DIR / "requirements.lock").read_text(), re.MULTILINE)
    found = [installed[name] for name in sorted(map(_plain, locked)) if name in installed]
    return tuple(Package(one.metadata["Name"], one.version, _licence_of(one)) for one in found)


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _licence_of(one: Distribution) -> str:
    said = next(iter(one.metadata.get_all("License-Expression") or one.metadata.get_all("License") or []), "")
    if 0 < len(said) <= _LONGEST:
        return str(said)
    classes = (line for line in one.metadata.get_all("Classifier") or [] if line.startswith("License ::"))
    names = [line.rpartition(" :: ")[2] for line in classes]
    return ", ".join(names) or "in the package's own files"
