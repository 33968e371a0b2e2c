"""The embedded servers together: which are needed, how they come up, and where that is written down."""

import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from harriet.lib.errors import Problem
from harriet.start import postgres, redis
from harriet.start.account import Account, lent_account
from harriet.start.program import Program, Running, stop_all
from harriet.start.wheels import postgres_binaries, redis_binary

PRIVATE_PREFIX = "harriet-"
POSTGRES_FOLDER = "postgres"
PATIENCE = 30.0
"""Seconds that a server may take until it answers; PostgreSQL may have a crash to recover from."""


@dataclass(slots=True)
class Embedded:
    """Servers that run as our children, in the order they were started."""

    private: Path
    running: list[Running] = field(default_factory=list)
    addresses: dict[str, str] = field(default_factory=dict, repr=False)

    def stop(self) -> None:
        stop_all(self.running)
        shutil.rmtree(self.private, ignore_errors=True)


def start_embedded(
    run: Path,
    *,
    needs_postgres: bool = True,
    needs_redis: bool = True,
    options: Mapping[str, str] | None = None,
) -> Embedded:
    """Start the servers that are needed; when one doesn't come up, none is left."""
    account = lent_account()
    embedded = Embedded(_private_folder(account))
    (run / "logs").mkdir(parents=True, exist_ok=True)
    try:
        if needs_postgres:
            _start_postgres(embedded, run, account, options or {})
        if needs_redis:
            _start_redis(embedded, run, account)
    except BaseException:
        embedded.stop()
        raise
    embedded.addresses["private"] = str(embedded.private)
    return embedded


def _start_postgres(embedded: Embedded, run: Path, account: Account | None, options: Mapping[str, str]) -> None:
    data = run / POSTGRES_FOLDER
    account = _owner_of(data, account)
    binaries = postgres_binaries(account, embedded.private)
    cluster = postgres.Cluster(data, embedded.private, binaries, account, run / "postgres.password")
    postgres.create(cluster)
    postgres.wait_for_predecessor(cluster)
    program = postgres.program(cluster, run / "logs" / "postgres.log", **options)
    _launch(embedded, program, lambda: postgres.failure_to_reach(cluster))
    password = postgres.make_roles(cluster)
    embedded.addresses["database_url"] = cluster.url(postgres.RUNTIME, password)
    embedded.addresses["database_owner_url"] = cluster.url(postgres.OWNER, cluster.owner_password)


def _start_redis(embedded: Embedded, run: Path, account: Account | None) -> None:
    broker = redis.new_broker()
    program = redis.program(broker, redis_binary(account, embedded.private), account, run / "logs" / "redis.log")
    _launch(embedded, program, lambda: redis.failure_to_reach(broker))
    embedded.addresses["redis_url"] = broker.url


def _launch(embedded: Embedded, program: Program, try_to_reach: Callable[[], str]) -> None:
    """Start it and wait until it answers; `try_to_reach` gives "" or what went wrong."""
    running = Running.start(program)
    embedded.running.append(running)
    deadline = running.started_at + PATIENCE
    while failure := try_to_reach():
        if running.child.poll() is not None or time.monotonic() > deadline:
            raise Problem(f"{program.name} did not start: {failure}\n{_last_lines(program.log)}")
        time.sleep(0.03)


def _last_lines(log: Path | None) -> str:
    lines = log.read_text(errors="replace").splitlines()[-5:] if log and log.exists() else []
    return "\n".join([f"The end of {log}:", *lines]) if lines else ""


def _owner_of(data: Path, account: Account | None) -> Account | None:
    """A data folder stays with the account that made it."""
    if account is None or not data.exists() or data.stat().st_uid == 0:
        return account
    found = data.stat()
    return Account(data.owner(), found.st_uid, found.st_gid)


def _private_folder(account: Account | None) -> Path:
    """Short, whatever the run folder's path: sockets live here."""
    folder = Path(tempfile.mkdtemp(prefix=PRIVATE_PREFIX))
    if account:
        account.own(folder)
    return folder


def write_addresses(run: Path, addresses: Mapping[str, str]) -> None:
    """Tell every other command where the servers are (read by settings.py)."""
    draft = run / "servers.json.new"
    with os.fdopen(os.open(draft, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "w") as file:
        json.dump(dict(addresses), file, indent=1)
    draft.replace(run / "servers.json")


def was_killed(run: Path) -> bool:
    """Whether the last start had no time to tidy up; its processes may still be ending."""
    return _last_private_folder(run) is not None


def remove_leftovers(run: Path) -> None:
    folder = _last_private_folder(run)
    if folder:
        shutil.rmtree(folder, ignore_errors=True)


def _last_private_folder(run: Path) -> Path | None:
    path = run / "servers.json"
    if not path.exists():
        return None
    left = Path(json.loads(path.read_text()).get("private", "/"))
    is_ours = left.name.startswith(PRIVATE_PREFIX) and left.parent == Path(tempfile.gettempdir())
    return left if is_ours and left.exists() else None
