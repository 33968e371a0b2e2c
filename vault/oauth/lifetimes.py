"""How long tokens are taken to live, and when they are asked for anew. No clock here: moments are handed in."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

USUAL_LIFE = 3600
"""Seconds that a token is taken to live when its provider doesn't say."""
NO_END = datetime(9999, 1, 1, tzinfo=UTC)
"""Of a token that its provider named no end of, and that nothing renews: it is used until a server refuses it."""
_LEAST_MARGIN = 60.0
_MARGIN_SHARE = 0.1
_FIRST_PAUSE, LONGEST_PAUSE = 1.0, 900.0
"""Seconds between two tries."""
JITTER = 0.3
"""Of the margin, so that grants of one morning aren't all renewed in the same second."""


def expires_at(began: datetime, expires_in: int | None) -> datetime:
    """Counted from the moment at which the request began: the answer may have been long on its way."""
    return began + timedelta(seconds=expires_in or USUAL_LIFE)


def due_at(began: datetime, expires_in: int | None) -> datetime:
    """When it is renewed: a minute or a tenth of its life before its end, and a little earlier by chance; of a very
    short life the second half."""
    life = float(expires_in or USUAL_LIFE)
    margin = min(max(_LEAST_MARGIN, life * _MARGIN_SHARE), life / 2)
    return began + timedelta(seconds=life - margin * (1 + random.uniform(0, JITTER)))  # noqa: S311  # no secret


def pause_after(failures: int, asked_for: float | None = None) -> timedelta:
    """Full jitter between nothing and a bound that doubles with each failure in a row, from 1 second to 15 minutes; no
    shorter than the provider asked for."""
    bound = min(LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** min(failures, 12))
    drawn = random.uniform(_FIRST_PAUSE / 2, bound)  # noqa: S311  # no secret
    return timedelta(seconds=max(drawn, asked_for or 0.0))
