"""After a decision the next one: what else waits for the same person, in the order of the list."""

from __future__ import annotations

from typing import NamedTuple

from approvals.queries import waiting_for
from harriet.pages.counts import AtMost, as_at_most
from harriet.people.models import Membership

MOST = 100


class Waits(NamedTuple):
    number: int
    title: str


class Next(NamedTuple):
    others: AtMost
    """Of those that wait beside this one."""
    after: Waits | None
    before: Waits | None


def next_of(membership: Membership, number: int) -> Next:
    waiting = waiting_for(membership).exclude(number=number).order_by("-number")
    others = [Waits(*row) for row in waiting.values_list("number", "title")[: MOST + 1]]
    older = next((one for one in others if one.number < number), None)
    newer = next((one for one in reversed(others) if one.number > number), None)
    return Next(as_at_most(len(others), MOST), older or next(iter(others), None), newer)
