"""Opening each page as each person, and what that costs: queries, bytes, CPU, time in the database."""

from __future__ import annotations

import gzip
import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from django.contrib.staticfiles import finders
from django.db import connection
from django.test import Client
from django.urls import reverse

from connectors.models import Connector, Profile
from harriet.people.models import Group, Membership, Organization, User
from harriet.people.roles import Role
from tests.browser.pages import LISTS, OWN, details
from tests.stage.cast import Cast

MOST_QUERIES, MOST_BYTES, MOST_CPU_MS = 15, 100_000, 150
TURNS = 3
MOST_OF_STATEMENT = 3000
PATIENCE = 20
"""Seconds."""
_IDS = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")


@dataclass
class Cost:
    who: str
    path: str
    name: str = ""
    """The address without ids: the same in every run."""
    status: int = 0
    queries: int = 0
    size: int = 0
    cpu_ms: float = 0
    database_ms: float = 0
    statements: list[tuple[str, float]] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        return [
            *(["doesn't answer"] if self.status == 500 else []),
            *([f"status {self.status}"] if self.status not in {200, 500} else []),
            *(["queries"] if self.queries > MOST_QUERIES else []),
            *(["bytes"] if self.size > MOST_BYTES else []),
            *(["CPU"] if self.cpu_ms > MOST_CPU_MS else []),
        ]

    def line(self, *, show_queries: bool = False) -> str:
        figures = f"{self.queries:>12}{self.size / 1000:>12.0f}{self.cpu_ms:>12.0f}{self.database_ms:>12.0f}"
        over = f"  <-- {', '.join(self.faults)}" if self.faults else ""
        return f"{self.who:>12}{figures}  {self.path}{over}" + (self._statements() if show_queries else "")

    def _statements(self) -> str:
        return "".join(f"\n    {ms:.1f} ms: {sql[:MOST_OF_STATEMENT]}" for sql, ms in self.statements)


def visits(only: str = "", who: str = "") -> Iterator[Cost]:
    """Each page that each may open; whoever may not is not counted."""
    cast = found_cast()
    auditor = User.objects.get(email="person2@acme.test")
    people = {"owner": cast.alice, "approver": cast.bob, "auditor": auditor, "member": cast.dana}
    pages = large_pages(cast)
    for name, user in people.items():
        yield from _visits(name, user, own_pages() if name == "member" else pages, only, who)
    yield from _visits("small", cast.charlie, lists(), only, who)
    yield from _visits("operator", _operator(), operators_pages(), only, who)


def _visits(name: str, user: User, paths: list[str], only: str, who: str) -> Iterator[Cost]:
    client = Client(headers={"host": "127.0.0.1"}, raise_request_exception=False)
    client.force_login(user)
    for path in paths:
        if re.search(only, path) and (not who or who == name):
            cost = best_of(client, name, path)
            if name == "owner" or cost.status not in {403, 404}:
                yield cost


def best_of(client: Client, who: str, path: str) -> Cost:
    """The first visit warms; one that doesn't answer isn't asked again."""
    costs = [visit(client, who, path)]
    while len(costs) < TURNS and costs[-1].status == 200 and costs[-1].database_ms + costs[-1].cpu_ms < 2000:
        costs.append(visit(client, who, path))
    return min(costs, key=lambda cost: cost.cpu_ms + cost.database_ms)


def visit(client: Client, who: str, path: str) -> Cost:
    cost = Cost(who, path, _IDS.sub("…", path))
    with connection.execute_wrapper(_Watch(cost)), _patience():
        began = time.process_time()
        answer = client.get(path)
        cost.cpu_ms = (time.process_time() - began) * 1000
    cost.status, cost.size = answer.status_code, len(answer.content) + _weight_beside(answer.content.decode())
    connection.close()
    return cost


class _Watch:
    def __init__(self, cost: Cost) -> None:
        self.cost = cost

    def __call__(self, execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        began = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            taken = (time.perf_counter() - began) * 1000
            self.cost.queries += 1
            self.cost.database_ms += taken
            self.cost.statements.append((str(sql), taken))


@contextmanager
def _patience() -> Iterator[None]:
    def give_up(*_: Any) -> None:
        raise TimeoutError

    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(PATIENCE)
    try:
        yield
    finally:
        signal.alarm(0)


def _weight_beside(page: str) -> int:
    """What the page loads from /static/, compressed as it is served."""
    return sum(_compressed(name) for name in set(re.findall(r'(?:href|src)="/static/([^"?#]+)"', page)))


@cache
def _compressed(name: str) -> int:
    path = finders.find(name)
    if not path:
        return 0
    content = Path(path).read_bytes()
    return min(len(content), len(gzip.compress(content, 9)))


def found_cast() -> Cast:
    """The people of the company that was made earlier."""
    people = {user.name: user for user in User.objects.filter(email__in=[f"{name}@acme.test" for name in _ACME])}
    acme, globex = (Organization.objects.get(slug=slug) for slug in ("acme", "globex"))
    return Cast(
        acme=acme,
        globex=globex,
        alice=people["Alice"],
        bob=people["Bob"],
        dana=people["Dana"],
        charlie=User.objects.get(email="charlie@globex.test"),
        sales=Group.objects.get(organization=acme, slug="sales"),
    )


_ACME = ("alice", "bob", "dana")


def lists() -> list[str]:
    return [reverse(name) for name in LISTS]


def own_pages() -> list[str]:
    return [reverse(name) for name in OWN]


def large_pages(cast: Cast) -> list[str]:
    """All lists and details, searched and filtered too, and single things that hold very many others."""
    crm = Connector.objects.get(organization=cast.acme, slug="crm")
    longest = Profile.objects.get(slug="longest")
    some = Membership.objects.filter(organization=cast.acme, role=Role.MEMBER)[500]
    return [
        *lists(),
        *details(cast),
        *(f"{reverse(name)}?q={text}" for name, text in _SEARCHES),
        *(f"{reverse(name)}?{query}" for name, query in _FILTERED),
        f"{reverse('connectors:detail', args=[crm.pk])}?q=issue",
        reverse("profiles:delete", args=[longest.pk]),
        reverse("people:detail", args=[some.pk]),
        reverse("profiles:person", args=[some.pk]),
        *_records(),
    ]


_SEARCHES = (
    ("console:search", "silva"),
    ("console:search", "%2312"),
    ("console:search", "issue"),
    ("people:list", "silva"),
    ("connectors:list", "invoice"),
    ("devices:list", "laptop"),
)
_FILTERED = (
    ("people:list", "group=sales"),
    ("people:list", "role=approver"),
    ("connectors:list", "show=attention"),
    ("tickets:list", "show=decided"),
    ("audit:list", "code=call.refused"),
)


def _records() -> list[str]:
    from harriet.console.records.registry import all_records, url_name
    from harriet.lib.records import INSTALLATION

    kinds = [record for record in all_records() if record.scope != INSTALLATION]
    return [reverse("admin:records"), *(reverse(url_name(record, "changelist")) for record in kinds)]


def operators_pages() -> list[str]:
    return [reverse("admin:installation"), f"{reverse('admin:installation')}?q=silva", reverse("admin:records")]


def _operator() -> User:
    address = "operator@acme.test"
    return User.objects.filter(email=address).first() or User.objects.create_superuser(address, str(UUID(int=7)))
