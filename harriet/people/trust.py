"""Trust levels: how much of what a client asks for runs without a person. Of several, the strictest holds."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import models


class Trust(models.TextChoices):
    """From the strictest on."""

    MANUAL = "manual", "Manual"
    SUPERVISED = "supervised", "Supervised"
    AUTONOMOUS = "autonomous", "Autonomous"


_FROM_STRICT = tuple(Trust.values)


def strictest(levels: Iterable[str]) -> str:
    """Of those that are said; an empty one says nothing."""
    return min((level for level in levels if level), key=_FROM_STRICT.index, default=Trust.MANUAL.value)
