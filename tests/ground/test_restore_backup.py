"""The backup that docs/production.md describes, walked: a dump of the database and the keys folder, and all is back."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from audit.chain.sealing import seal_everything
from harriet.start.wheels import postgres_binaries
from tests.database import database_name, url_of
from tests.ground.installation import REPOSITORY
from tests.stage.cast import Cast

RESTORED = "harriet_restored"


@pytest.fixture
def empty_database() -> Iterator[None]:
    with psycopg.connect(url_of("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {RESTORED}")
        yield
        connection.execute(f"DROP DATABASE {RESTORED} WITH (FORCE)")


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_a_restored_backup_opens_its_vault_and_proves_its_log(cast: Cast, empty_database: None, tmp_path: Path) -> None:
    assert seal_everything() > 0
    dump = str(tmp_path / "harriet.dump")
    tools = postgres_binaries(None, tmp_path)
    _run(tools / "pg_dump", "--format=custom", "--file", dump, url_of(database_name()))
    restore = ("--no-owner", "--no-privileges", "--exit-on-error", "--dbname", url_of(RESTORED), dump)
    _run(tools / "pg_restore", *restore)
    _manage("prepare", run=tmp_path)
    _manage("vault", "verify", run=tmp_path)
    _manage("audit", "verify", run=tmp_path)
    with psycopg.connect(url_of(RESTORED, "HARRIET_TEST_RUNTIME_URL")) as runtime:
        assert runtime.execute("SELECT count(*) FROM people_user").fetchone() == (4,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            runtime.execute("DELETE FROM audit_event")


def _manage(*arguments: str, run: Path) -> None:
    servers = {
        "DATABASE_URL": url_of(RESTORED, "HARRIET_TEST_RUNTIME_URL"),
        "DATABASE_OWNER_URL": url_of(RESTORED),
        "HARRIET_RUN_DIR": str(run),
    }
    _run(sys.executable, REPOSITORY / "manage.py", *arguments, env={**os.environ, **servers})


def _run(*command: str | Path, env: dict[str, str] | None = None) -> None:
    done = subprocess.run(command, capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stdout + done.stderr
