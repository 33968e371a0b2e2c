"""Calls that wait and are decided on together: identical ones, whoever asked; and one person's of one tool."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import NamedTuple
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.functions import Length

from approvals.conflicts import STRICT, strict_risk
from approvals.models import PendingAction, Ticket
from approvals.pages.previews import Preview, preview_of
from approvals.sealed_parts import readable_of_each
from harriet.lib.json.canonical import parse_strict

MOST_LOOKED_AT = 100
"""Of those that wait, the newest."""
MOST_GROUPS = 3
LARGEST_SEALED = 1000
"""Bytes: what is longer is decided on by itself, so it needs no opening here."""


class Alike(NamedTuple):
    ids: list[UUID]
    """Of the tickets."""
    title: str
    by: str
    """Whose they are; of identical calls of several people how many people."""
    preview: Preview | None
    """What each of them sends, when they are identical."""
    may_approve: bool
    """Dangerous ones are approved one by one."""

    @property
    def words(self) -> str:
        return f"{len(self.ids)} {'identical calls' if self.preview else 'calls'}"


def alike_among(tickets: QuerySet[Ticket]) -> list[Alike]:
    """The largest groups of tickets that wait for somebody."""
    measured = tickets.annotate(size=Length("action__sealed_arguments")).defer(*_SEALED)
    waiting = [_Row(one, one.action, one.size) for one in measured[:MOST_LOOKED_AT]]
    found = list(_identical(waiting))
    within = [set(group.ids) for group in found]
    found += [group for group in _of_one_person(waiting) if not any(set(group.ids) <= other for other in within)]
    return found[:MOST_GROUPS]


_SEALED = ("action__sealed_arguments", "action__sealed_meta", "action__sealed_result")


class _Row(NamedTuple):
    ticket: Ticket
    action: PendingAction
    size: int
    """Bytes of its sealed arguments."""


def _identical(waiting: list[_Row]) -> Iterator[Alike]:
    """Equal arguments are sealed to equal lengths: only those are opened."""
    by_size = _grouped(waiting, lambda row: (row.action.tool_id, row.size))
    likely = [row for rows in by_size if rows[0].size <= LARGEST_SEALED for row in rows]
    actions = PendingAction.objects.filter(pk__in=[row.action.pk for row in likely]) if likely else ()
    sent = readable_of_each(list(actions))
    opened = [row for row in likely if row.action.pk in sent]
    for rows in _grouped(opened, lambda row: (row.action.tool_id, sent[row.action.pk])):
        yield _alike(rows, preview_of(parse_strict(sent[rows[0].action.pk].arguments)))


def _of_one_person(waiting: list[_Row]) -> Iterator[Alike]:
    for rows in _grouped(waiting, lambda row: (row.action.tool_id, row.action.user_id or row.action.token_id)):
        yield _alike(rows, None)


def _grouped(rows: list[_Row], key: Callable[[_Row], object]) -> list[list[_Row]]:
    """Those that are not alone, the most first."""
    found = defaultdict[object, list[_Row]](list)
    for row in rows:
        found[key(row)].append(row)
    return sorted((group for group in found.values() if len(group) > 1), key=len, reverse=True)


def _alike(rows: list[_Row], preview: Preview | None) -> Alike:
    who = list(dict.fromkeys(row.ticket.requester_label for row in rows))
    return Alike(
        ids=[row.ticket.pk for row in rows],
        title=rows[0].ticket.title,
        by=who[0] if len(who) == 1 else f"{len(who)} people",
        preview=preview,
        may_approve=not any(strict_risk(row.action) in STRICT for row in rows),
    )
