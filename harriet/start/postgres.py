"""The embedded PostgreSQL: its data folder, the program, its two roles.

The wheel's own launcher is not used: it opens parent folders to everyone and fails on a path with a space.
The server listens on a Unix socket alone, in a short private folder (a socket's path is limited to 107 bytes).
"""

import os
import secrets
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from harriet.lib.errors import Problem
from harriet.start.account import Account
from harriet.start.program import Program, as_account

OWNER = "harriet_owner"
RUNTIME = "harriet"
DATABASE = "harriet"
PLAIN_ENV = {"LC_ALL": "C", "PATH": os.defpath}
OPTIONS = {
    "listen_addresses": "",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "password_encryption": "scram-sha-256",
    "cluster_name": "harriet",
}


@dataclass(frozen=True, slots=True)
class Cluster:
    """One data folder; `private` is the folder of its socket, which the account owns."""

    data: Path
    private: Path
    binaries: Path
    account: Account | None
    password_file: Path

    @property
    def data_argument(self) -> str:
        """The lent account can't walk to a data folder below, say, /root; but it starts inside, and may stay."""
        return "/proc/self/cwd" if self.account else str(self.data)

    def url(self, role: str, password: str, database: str = DATABASE) -> str:
        return f"postgresql://{role}:{quote(password)}@{quote(str(self.private), safe='')}/{database}"

    @property
    def owner_password(self) -> str:
        return self.password_file.read_text().strip()


def create(cluster: Cluster) -> None:
    """Make the data folder, unless it is there. Made beside and renamed, so that it is whole or not there."""
    if cluster.data.exists():
        return
    draft = replace(cluster, data=cluster.data.with_name(f"{cluster.data.name}.new"))
    shutil.rmtree(draft.data, ignore_errors=True)
    draft.data.mkdir(mode=0o700, parents=True)
    _write_private(draft.password_file, secrets.token_urlsafe(24))
    handed_over = draft.private / "password"
    _write_private(handed_over, draft.owner_password)
    if draft.account:
        draft.account.own(draft.data)
        draft.account.own(handed_over)
    try:
        _initdb(draft, handed_over)
    finally:
        handed_over.unlink()
    draft.data.rename(cluster.data)


def _initdb(cluster: Cluster, password: Path) -> None:
    options = [
        f"--pgdata={cluster.data_argument}",
        f"--username={OWNER}",
        f"--pwfile={password}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--locale=C",
        "--no-instructions",
    ]
    done = subprocess.run(
        [str(cluster.binaries / "initdb"), *options],
        cwd=cluster.data,
        env=PLAIN_ENV,
        capture_output=True,
        text=True,
        **as_account(cluster.account),
    )
    if done.returncode:
        raise Problem(f"PostgreSQL could not make its data folder {cluster.data}: {done.stderr.strip()}")


def program(cluster: Cluster, log: Path, **options: str) -> Program:
    settings = {**OPTIONS, "unix_socket_directories": f'"{cluster.private}"', **options}
    arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return Program(
        name="PostgreSQL",
        argv=(str(cluster.binaries / "postgres"), "-D", cluster.data_argument, *arguments),
        folder=cluster.data,
        env=PLAIN_ENV,
        account=cluster.account,
        stop_signal=signal.SIGINT,  # "fast": ends sessions and stops cleanly; SIGTERM would wait for clients
        log=log,
    )


def failure_to_reach(cluster: Cluster) -> str:
    try:
        psycopg.connect(cluster.url(OWNER, cluster.owner_password, "postgres"), connect_timeout=5).close()
    except psycopg.OperationalError as error:
        return str(error)
    return ""


def wait_for_predecessor(cluster: Cluster, seconds: float = 20) -> None:
    """When the last start was killed, its PostgreSQL may still be writing its last page."""
    deadline = time.monotonic() + seconds
    while _is_running(cluster.data / "postmaster.pid") and time.monotonic() < deadline:
        time.sleep(0.1)


def _is_running(pid_file: Path) -> bool:
    try:
        os.kill(int(pid_file.read_text().split()[0]), 0)
    except (FileNotFoundError, ProcessLookupError, ValueError, IndexError):
        return False
    except PermissionError:
        pass
    return True


def make_roles(cluster: Cluster) -> str:
    """Make the database and the role that the running Harriet uses; returns that role's new password."""
    password = secrets.token_urlsafe(24)
    with psycopg.connect(cluster.url(OWNER, cluster.owner_password, "postgres"), autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [RUNTIME]).fetchone():
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(RUNTIME)))
        change = sql.SQL("ALTER ROLE {} PASSWORD {}")
        connection.execute(change.format(sql.Identifier(RUNTIME), sql.Literal(password)))
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
    return password


def _write_private(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "w") as file:
        file.write(text)
