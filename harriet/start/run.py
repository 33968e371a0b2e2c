"""The whole start, top to bottom."""

import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.conf import settings

from harriet.lib.env import env
from harriet.lib.errors import Problem
from harriet.lib.keyfile import make_keys, read_key
from harriet.start import processes
from harriet.start.bind import Bind
from harriet.start.embedded import (
    POSTGRES_FOLDER,
    Embedded,
    remove_leftovers,
    start_embedded,
    was_killed,
    write_addresses,
)
from harriet.start.processes import DRAIN_SECONDS
from harriet.start.supervisor import StopRequested, Supervisor, say, stop_signals


def start(bind: Bind, workers: int) -> None:
    """Run Harriet until a stop signal comes. Raises Problem when it can't start."""
    os.umask(0o077)  # whatever any of our processes writes is nobody else's business
    run = Path(settings.RUN_DIR)
    make_run_folder(run)
    with only_one(run), stop_signals(), suppress(StopRequested):
        bind.refuse_if_taken(wait=DRAIN_SECONDS if was_killed(run) else 0)
        say(f"Starting Harriet in {run} …")
        if os.geteuid() == 0:
            say("It runs as root. That works; for more than a try, start it as an ordinary user.")
        if (run / POSTGRES_FOLDER).exists():
            refuse_lost_keys()
        make_keys(Path(settings.KEYS_DIR))
        _serve(run, bind, workers)


def refuse_lost_keys() -> None:
    """What is stored was sealed with keys: new ones in their place would only hide that they are gone."""
    for name in ("vault", "audit"):
        read_key(name)


def make_run_folder(run: Path) -> None:
    try:
        run.mkdir(mode=0o700, parents=True, exist_ok=True)
        (run / "lock").touch()
    except OSError as error:
        reason = f"Harriet can't write to its run folder {run}: {error.strerror}."
        raise Problem(f"{reason} Set HARRIET_RUN_DIR to a folder of your own.") from None


@contextmanager
def only_one(run: Path) -> Iterator[None]:
    """Hold the run folder's lock. The kernel lets go of it when we die, however we die."""
    with (run / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Problem(f"Harriet already runs in {run}. Stop it first, or set HARRIET_RUN_DIR.") from None
        yield


def _serve(run: Path, bind: Bind, workers: int) -> None:
    remove_leftovers(run)
    embedded = _needed_servers(run)
    supervisor = Supervisor(embedded.running)
    try:
        base_url = env("HARRIET_BASE_URL") or bind.base_url
        write_addresses(run, {**embedded.addresses, "base_url": base_url})
        child_env = {"HARRIET_RUN_DIR": str(run), "HARRIET_BASE_URL": base_url}
        link = _prepared(child_env)
        supervisor.start_until(processes.web(str(bind), workers, child_env), bind.is_ready)
        _announce(base_url, link)
        supervisor.start(processes.worker(child_env))
        supervisor.start(processes.watcher(child_env))
        supervisor.start(processes.beat(child_env))
        supervisor.watch()
    finally:
        say("Stopping …")
        supervisor.stop()
        embedded.stop()
        say("Harriet has stopped.")


def _needed_servers(run: Path) -> Embedded:
    """Those that the environment doesn't name."""
    return start_embedded(run, needs_postgres=not env("DATABASE_URL"), needs_redis=not env("REDIS_URL"))


def _prepared(child_env: dict[str, str]) -> str:
    """Run `manage.py prepare`: a process of its own, because our settings were read before the servers ran."""
    done = subprocess.run(
        [sys.executable, str(Path(settings.BASE_DIR) / "manage.py"), "prepare"],
        env={**os.environ, **child_env},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # a Ctrl-C is ours; we end it
    )
    if done.returncode:
        raise Problem("Harriet could not be prepared; the reason is above.")
    return done.stdout.strip()


def _announce(base_url: str, link: str) -> None:
    say(f"Harriet is ready {_seconds_since_command():.1f} s after the command: {base_url}")
    if link:
        say(f"There is no owner yet. Become it with this link, once, within 24 hours: {link}")
    say("Stop with Ctrl-C.")


def _seconds_since_command() -> float:
    """Since this process was started, imports included (proc(5), field 22, in clock ticks since boot)."""
    with suppress(OSError):
        started = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
        return time.clock_gettime(time.CLOCK_BOOTTIME) - started / os.sysconf("SC_CLK_TCK")
    return time.process_time()
