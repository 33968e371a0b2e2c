"""`manage.py start`, really started, in a folder whose path has a space."""

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from harriet.start.wheels import postgres_binaries
from tests.database import url_of
from tests.ground.installation import Installation, started, wait_until

pytestmark = pytest.mark.processes
WHO = "from django.db import connection as c; c.connect(); print(c.settings_dict['USER'])"
CHILDREN = 6  # PostgreSQL, Redis, web, worker, watching worker, beat


@pytest.fixture(scope="module")
def harriet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with started(tmp_path_factory.mktemp("a folder") / "run here") as installation:
        yield installation


def test_it_serves_and_says_where(harriet: Installation) -> None:
    assert harriet.status() == 200
    assert f"after the command: {harriet.url}" in harriet.output
    assert harriet.status(harriet.setup_path()) == 200


def test_its_tables_are_those_of_the_ordinary_way(harriet: Installation, own_servers: dict[str, str]) -> None:
    """An empty database is migrated on a shorter one, here and in the tests."""
    url = own_servers["DATABASE_OWNER_URL"]
    done = Installation(harriet.run, env=own_servers | {"DATABASE_URL": url}).command("migrate", "--verbosity", "0")
    assert done.returncode == 0, done.stderr
    shorter, ordinary = schema(harriet.addresses["database_owner_url"]), schema(url)
    assert "CREATE TABLE public.audit_event" in shorter and shorter == ordinary


def schema(url: str) -> str:
    """Without owners and rights, which starting gives."""
    binary, same = postgres_binaries(None, Path()) / "pg_dump", "--restrict-key=same"
    dump = (binary, "--schema-only", "--no-owner", "--no-privileges", same, url)
    return subprocess.run(dump, capture_output=True, text=True, check=True).stdout


def test_looking_at_a_page_writes_nothing_below_the_address(harriet: Installation) -> None:
    before = harriet.output
    sheet = next((harriet.run / "static/harriet").glob("harriet.*.css"))
    assert harriet.status("/accounts/login/") == harriet.status(f"/static/harriet/{sheet.name}") == 200
    assert harriet.output == before


def test_what_it_keeps_is_private(harriet: Installation) -> None:
    for name in ("servers.json", "postgres.password", "keys/vault.key", "keys/audit.key", "keys/django.key"):
        assert stat.S_IMODE((harriet.run / name).stat().st_mode) == 0o600
    passwords = [urlsplit(harriet.addresses[name]).password for name in ("database_url", "redis_url")]
    family = subprocess.run(["ps", "axww", "-o", "args"], capture_output=True, text=True, check=True).stdout
    assert all(password and password not in family for password in passwords)


def test_the_web_process_runs_as_a_role_that_is_not_the_owner(harriet: Installation) -> None:
    assert urlsplit(harriet.addresses["database_url"]).username == "harriet"
    assert urlsplit(harriet.addresses["database_owner_url"]).username == "harriet_owner"


def test_other_commands_find_the_servers(harriet: Installation) -> None:
    done = harriet.command("shell", "--no-imports", "-c", WHO)
    assert done.stdout.strip() == "harriet", done.stderr


def test_a_second_start_on_the_same_folder_says_so(harriet: Installation) -> None:
    done = harriet.command("start", "--bind", "127.0.0.1:1")
    assert done.returncode != 0
    assert f"Harriet already runs in {harriet.run}" in done.stderr
    assert harriet.status() == 200


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("gunicorn", "The web process"),
        ("postgres", "PostgreSQL"),
        ("redis-server", "Redis"),
        ("--queues celery", "The Celery worker"),
        ("--queues watch", "The watching worker"),
    ],
)
def test_a_killed_child_comes_back(harriet: Installation, command: str, name: str) -> None:
    harriet.wait_for_children(CHILDREN)
    before = harriet.child(command)
    before.kill()
    harriet.wait_for(f"{name} was ended by SIGKILL; starting it again")
    harriet.wait_for_children(CHILDREN)
    wait_until(lambda: harriet.status() == 200)
    assert harriet.child(command).pid != before.pid


def test_sigkill_leaves_no_orphan_and_the_next_start_works(harriet: Installation) -> None:
    harriet.wait_for_children(CHILDREN)
    keys = (harriet.run / "keys" / "vault.key").read_bytes()
    harriet.end(signal.SIGKILL)
    wait_until(lambda: not harriet.left_over())
    harriet.start()
    assert harriet.status() == 200
    assert (harriet.run / "keys" / "vault.key").read_bytes() == keys


def test_sigterm_stops_everything(harriet: Installation) -> None:
    harriet.wait_for_children(CHILDREN)
    private = Path(harriet.addresses["private"])
    assert harriet.end(signal.SIGTERM) == 0
    assert harriet.left_over() == []
    assert not private.exists()
    assert "Harriet has stopped." in harriet.output
    assert "database system is shut down" in (harriet.run / "logs" / "postgres.log").read_text()


@pytest.fixture
def own_servers() -> Iterator[dict[str, str]]:
    """A database and a Redis that were there before Harriet, with an owner and a runtime role."""
    name = "harriet_of_a_company"
    with psycopg.connect(url_of("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield {
        "DATABASE_URL": url_of(name, "HARRIET_TEST_RUNTIME_URL"),
        "DATABASE_OWNER_URL": url_of(name),
        "REDIS_URL": os.environ["REDIS_URL"].rpartition("/")[0] + "/60",
    }
    with psycopg.connect(url_of("postgres"), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_an_ordinary_user_can_start_it(tmp_path_factory: pytest.TempPathFactory) -> None:
    """As root, the test lends itself another user, who may read the interpreter wherever it lies, and no more."""
    folder = tmp_path_factory.mktemp("their folder")
    installation = Installation(folder / "run", prefix=_as_ordinary_user(folder))
    try:
        installation.start()
        assert installation.status() == 200
        assert (installation.run / "postgres").stat().st_uid == (installation.run / "keys").stat().st_uid
        installation.wait_for_children(CHILDREN)
        assert {child.username() for child in installation.family} == {(installation.run / "keys").owner()}
        assert installation.end(signal.SIGTERM) == 0
        assert installation.left_over() == []
    finally:
        installation.clean_up()


def test_it_uses_your_own_servers_when_you_name_them(tmp_path: Path, own_servers: dict[str, str]) -> None:
    installation = Installation(tmp_path / "run", env=own_servers)
    try:
        installation.start()
        installation.wait_for_children(3)
        assert {child.name() for child in installation.family}.isdisjoint({"postgres", "redis-server"})
        assert set(installation.addresses) == {"private", "base_url"}
        assert installation.status(installation.setup_path()) == 200
    finally:
        installation.clean_up()


def _as_ordinary_user(folder: Path) -> tuple[str, ...]:
    if os.geteuid() != 0:
        return ()
    shutil.chown(folder, "nobody")
    for parent in folder.parents:
        if parent.owner() == "root" and parent.name.startswith("pytest-"):
            parent.chmod(0o711)
    change = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups")
    seen = subprocess.run([*change, "env", sys.executable, "-c", "import sys; print(sys.version)"], capture_output=True)
    if seen.stdout.decode().strip() == sys.version:
        return change
    return (*change, "--inh-caps=+dac_override", "--ambient-caps=+dac_override")


def test_an_address_in_use_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        bind = f"127.0.0.1:{taken.getsockname()[1]}"
        done = Installation(tmp_path / "run").command("start", "--bind", bind)
    assert done.returncode != 0
    assert f"Can't listen on {bind}" in done.stderr
