"""Two web processes of a very large company: what they take to start, what a revocation takes until both refuse, what
changes cost them, and how much memory they have before and after."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from django.db import connection
from django.urls import get_resolver

from audit.actor import Actor
from connectors.actions.set_tool import set_tool
from connectors.models import Tool
from harriet.people.actions.add_to_group import add_to_group
from harriet.people.actions.deactivate_person import deactivate_person
from harriet.people.actions.remove_from_group import remove_from_group
from harriet.people.actions.revoke_token import revoke_token
from harriet.people.models import AccessToken, Group, Membership
from harriet.people.version import move_version
from tests.bench.large_office import NAMES, LargeOffice, Others, Visitor, Web
from tests.bench.large_table import Row, at_most, shown
from tests.stage.cast import Cast
from tests.stage.clients import Client

CHANGES = 200
MOVES = 20
"""Reloads for nothing."""
PAUSE = 0.05
REVOCATION_PATIENCE = 60.0
WORST_MS = 500.0
"""For which a call of somebody else may take while something changes, on a machine that has all of it to do."""


def walk_gateways(cast: Cast, folder: Path) -> Iterator[Row]:
    get_resolver().url_patterns  # noqa: B018  # a web process has read all pages long before its first action
    with ExitStack() as stack:
        office = stack.enter_context(LargeOffice(cast, folder))
        steady = office.visitor("Steady")
        webs = []
        for number in range(2):
            webs.append(Web.started(office, steady, folder / f"web {number}.log"))
            stack.callback(webs[-1].stop)
        slowest = max(web.started_seconds for web in webs)
        yield at_most("a start, to the first call", slowest, 5, "s", previous="22 to 29 s")
        yield at_most("memory of a web process after it", largest(webs), 250, "MiB", previous="314 MiB")
        yield from revocations(office, steady, webs)
        yield reloads_for_nothing(office, webs)
        yield setting_one_tool(office)
        yield from many_changes(office, steady, webs)


def largest(webs: list[Web]) -> float:
    return max(web.mib for web in webs)


def revocations(office: LargeOffice, steady: Visitor, webs: list[Web]) -> Iterator[Row]:
    actor = office.cast.actor(office.cast.alice)
    others = Others(office, steady, webs)
    for what in ("token", "group", "tool", "person"):
        visitor = office.visitor(what.title())
        yield revocation(what, office, visitor, webs, revoking(what, office, visitor, actor))
    yield undisturbed("others' calls meanwhile", "503", json.loads(others.end()))


def revoking(what: str, office: LargeOffice, visitor: Visitor, actor: Actor) -> Callable[[], Any]:
    return {
        "token": lambda: revoke_token(visitor.token, actor=actor),
        "group": lambda: remove_from_group(office.callers, visitor.membership, actor=actor),
        "tool": lambda: set_tool(office.tools[NAMES[1]], is_enabled=False, actor=actor),
        "person": lambda: deactivate_person(visitor.membership, actor=actor),
    }[what]


def revocation(what: str, office: LargeOffice, visitor: Visitor, webs: list[Web], revoke: Callable[[], Any]) -> Row:
    name = NAMES[1] if what == "tool" else NAMES[0]
    watches = [Watch(office.client(web, visitor), name) for web in webs]
    for watch in watches:
        watch.until_allowed()
        watch.start()
    began = time.monotonic()
    revoke()
    done = time.monotonic()
    for watch in watches:
        watch.join()
    taken = max(watch.refused_at for watch in watches) - done
    away = sum(watch.unavailable for watch in watches)
    more = f" ({shown(done - began)} s in the action{f'; {away} answers of 503' if away else ''})"
    row = at_most(f"a revoked {what}, until both refuse", max(taken, 0.0), 1, "s", previous=_BEFORE, more=more)
    return row if not away else Row(row.what, row.previous, row.now, row.aim, is_met=False)


_BEFORE = "5.6 to 9.95 s, then 503 for everybody"


class Watch(threading.Thread):
    """Calls one web process with what is about to be revoked, until it refuses."""

    def __init__(self, client: Client, name: str) -> None:
        super().__init__(daemon=True)
        self._client, self._name = client, name
        self.refused_at = 0.0
        self.unavailable = 0
        """How often the answer was neither the server's nor a refusal: the web process couldn't tell."""

    def until_allowed(self) -> None:
        """Whoever was just made is known. Raises TimeoutError."""
        end = time.monotonic() + REVOCATION_PATIENCE
        while self._status() != "ok":
            if time.monotonic() > end:
                raise TimeoutError(f"{self._name} can't be called.")
            time.sleep(0.02)

    def run(self) -> None:
        end = time.monotonic() + REVOCATION_PATIENCE
        while time.monotonic() < end:
            status = self._status()
            if status == "refused":
                self.refused_at = time.monotonic()
                return
            self.unavailable += status == "unavailable"
            time.sleep(0.01)
        self.refused_at = time.monotonic()

    def _status(self) -> str:
        answer = self._client.call(self._name, {"text": "hello"})
        if answer.status >= 500:
            return "unavailable"
        if answer.status != 200 or "error" in answer.json or answer.result.get("isError"):
            return "refused"
        return "ok"


def undisturbed(what: str, before: str, found: dict[str, Any]) -> Row:
    told = (
        f"{found['calls']:,} calls, {found['wrong_count']} wrong, 99 % within {shown(found['p99_ms'])} ms,"
        f" the longest {shown(found['worst_ms'])} ms"
    )
    is_met = not found["wrong_count"] and found["worst_ms"] <= WORST_MS
    if found["wrong"]:
        print(*found["wrong"], sep="\n")
    return Row(what, before, told, f"none wrong, each ≤ {WORST_MS:g} ms", is_met)


def reloads_for_nothing(office: LargeOffice, webs: list[Web]) -> Row:
    """CPU of one web process for each, less what it uses while nothing happens; and the rows that PostgreSQL read for
    both."""
    idle = spent(webs, lambda: None)
    rows = rows_read()
    moved = spent(webs, lambda: move_version(office.cast.acme.pk))
    each = max(0.0, (moved - idle) / MOVES / len(webs))
    read = (rows_read() - rows) / MOVES / len(webs)
    more = f", {shown(read)} rows read"
    return at_most(
        "a reload when nothing that matters changed", each, 20, "ms CPU", previous="700 to 2,500 ms", more=more
    )


def spent(webs: list[Web], each: Callable[[], Any]) -> float:
    """Milliseconds of all of them."""
    before = sum(web.cpu_ms for web in webs)
    for _ in range(MOVES):
        each()
        time.sleep(0.4)
    return sum(web.cpu_ms for web in webs) - before


def rows_read() -> int:
    """By everybody, as far as the database has counted."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::bigint FROM pg_stat_user_tables"
            " WHERE relname NOT LIKE '%version'"
        )
        return int(cursor.fetchone()[0])


def setting_one_tool(office: LargeOffice) -> Row:
    """The middle one of some tools of the company's."""
    actor, taken = office.cast.actor(office.cast.alice), []
    for tool in a_few_tools(office):
        began = time.monotonic()
        set_tool(tool, is_enabled=not tool.is_enabled, actor=actor)
        taken.append(time.monotonic() - began)
    return at_most("setting one tool, in the action", sorted(taken)[len(taken) // 2], 0.2, "s", previous="9 to 12 s")


def a_few_tools(office: LargeOffice, many: int = 9) -> list[Tool]:
    found = Tool.objects.filter(organization=office.cast.acme, state=Tool.State.PINNED, is_enabled=False)
    return list(found.select_related("connector__organization").order_by("pk")[:many])


def many_changes(office: LargeOffice, steady: Visitor, webs: list[Web]) -> Iterator[Row]:
    others = Others(office, steady, webs)
    for change in changes(office):
        change()
        time.sleep(PAUSE)
    yield at_most(
        f"memory of a web process after {CHANGES} changes", largest(webs), 250, "MiB", previous="430 to 632 MiB"
    )
    yield undisturbed(f"others' calls during {CHANGES} changes", "", json.loads(others.end()))


def changes(office: LargeOffice) -> Iterator[Callable[[], Any]]:
    """Tools are switched, tokens revoked, people go into groups and leave them: of all the company."""
    acme, actor = office.cast.acme, office.cast.actor(office.cast.alice)
    group = Group.objects.filter(organization=acme).exclude(pk=office.callers.pk).order_by("pk")[0]
    each = CHANGES // 4
    switched = a_few_tools(office, each)
    tokens = AccessToken.objects.filter(organization=acme, revoked_at=None, kind=AccessToken.Kind.DEVICE)
    revoked = list(tokens.exclude(user__email__contains="-").select_related("organization", "user")[:each])
    people = list(Membership.objects.filter(organization=acme, is_active=True).select_related("user")[100 : 100 + each])
    for tool, token, member in zip(switched, revoked, people, strict=False):
        yield partial(set_tool, tool, is_enabled=True, actor=actor)
        yield partial(revoke_token, token, actor=actor)
        yield partial(add_to_group, group, [member], actor=actor)
        yield partial(remove_from_group, group, member, actor=actor)
