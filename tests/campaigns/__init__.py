"""Stories told in the numbers that are claimed by `make approvals`, and in a few of them by `make test`."""

from __future__ import annotations

import os

IS_WHOLE = os.environ.get("CAMPAIGN") == "whole"


def count(each_day: int, whole: int) -> int:
    """How many of something: the few of each day, or the number that is claimed."""
    return whole if IS_WHOLE else each_day
