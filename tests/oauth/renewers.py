"""Processes that need the same grant's token at the same moment, and processes that are killed while they renew one.

    python -m tests.oauth.renewers

Reads commands, one a line: `race PROCESSES EXPIRIES GRANT` prints the generations that each process got after each
expiry, `kill POINT GRANT` how its process ended.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from multiprocessing import get_context
from typing import Any
from uuid import UUID

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "harriet.settings")

import django

POINTS = {
    "before it looks": ("refresh", "look"),
    "with the lease, before it asks": ("refresh", "send"),
    "before the answer is sealed": ("refresh", "renewed_of"),
    "while the file is written": ("spool", "_synced"),
    "once the file is safe": ("refresh", "keep_renewed"),
    "in the transaction": ("outcomes", "_note_narrower"),
    "once it is committed": ("refresh", "unspool"),
}
"""Where a process ends, and the function that it doesn't come to any more."""


def die(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def kill(point: str, grant_id: str) -> str:
    """In a process of its own."""
    pid = os.fork()
    if pid == 0:
        _needs_token(grant_id, point)
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    return "killed" if os.WIFSIGNALED(status) else "ended"


def _needs_token(grant_id: str, point: str) -> None:
    from vault.oauth import outcomes, refresh, spool
    from vault.oauth.tokens import access_token

    rooms: dict[str, Any] = {"outcomes": outcomes, "refresh": refresh, "spool": spool}
    if point in POINTS:
        room, name = POINTS[point]
        assert callable(getattr(rooms[room], name))
        setattr(rooms[room], name, die)
    access_token(UUID(grant_id))


def race(processes: int, expiries: int, grant_id: str) -> list[list[int]]:
    fork = get_context("fork")
    gate, results = fork.Barrier(processes), fork.Queue()
    all_of_them = [
        fork.Process(target=_racer, args=(number, expiries, grant_id, gate.wait, results.put))
        for number in range(processes)
    ]
    for one in all_of_them:
        one.start()
    got = [results.get(timeout=600) for _ in all_of_them]
    for one in all_of_them:
        one.join()
    return got


def _racer(
    number: int, expiries: int, grant_id: str, gate: Callable[[], int], put: Callable[[list[int]], None]
) -> None:
    from vault.models import OAuthGrant
    from vault.oauth.tokens import access_token

    got = []
    for _ in range(expiries):
        if number == 0:
            long_ago = "2026-01-01T00:00:00Z"
            OAuthGrant.objects.filter(pk=grant_id).update(access_expires_at=long_ago, next_refresh_at=long_ago)
        gate()
        got.append(access_token(UUID(grant_id)).generation)
        gate()
    put(got)


def main() -> None:
    django.setup()
    print("ready", flush=True)
    for line in sys.stdin:
        command, *said = json.loads(line)
        print(json.dumps(race(*said) if command == "race" else kill(*said)), flush=True)


if __name__ == "__main__":
    main()
