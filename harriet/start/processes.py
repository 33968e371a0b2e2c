"""Harriet's own processes: pages and gateway (gunicorn), background work (Celery workers), their clock (beat)."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from django.conf import settings

from harriet.start.program import Program

DRAIN_SECONDS = 20
WORKER = "harriet.start.web_worker.WebWorker"
_WORKER = ("--loglevel", "WARNING", "--without-gossip", "--without-mingle")
QUIET = "ignore:You're running the worker with superuser privileges"


def web(bind: str, workers: int, env: Mapping[str, str]) -> Program:
    options = [
        *("--worker-class", WORKER, "--workers", str(workers), "--bind", bind),
        *("--graceful-timeout", str(DRAIN_SECONDS), "--timeout", "60", "--keep-alive", "75"),
        *("--no-control-socket", "--log-level", "warning"),
    ]
    return _python("The web process", "gunicorn", "harriet.asgi:application", *options, env=env)


def worker(env: Mapping[str, str]) -> Program:
    return _celery("The Celery worker", "worker", *_WORKER, "--concurrency", "2", "--queues", "celery", env=env)


def watcher(env: Mapping[str, str]) -> Program:
    """On the queue of what looks after the others' work. Not with Celery's solo pool: it closes the database's socket
    under the connection with which the root key was checked."""
    options = ["--hostname", "watch@%h", "--concurrency", "1", "--queues", "watch"]
    return _celery("The watching worker", "worker", *_WORKER, *options, env=env)


def beat(env: Mapping[str, str]) -> Program:
    options = ["--pidfile", "", "--loglevel", "WARNING"]
    return _celery("Celery beat", "beat", *options, env=env)


def _celery(name: str, *arguments: str, env: Mapping[str, str]) -> Program:
    """Its warning about running as root is left out: `start` says it once, for all of us."""
    return _python(name, "celery", "-A", "harriet", "-q", *arguments, env=env, interpreter=("-W", QUIET))


def _python(
    name: str, module: str, *arguments: str, env: Mapping[str, str], interpreter: tuple[str, ...] = ()
) -> Program:
    return Program(
        name=name,
        argv=(sys.executable, *interpreter, "-m", module, *arguments),
        folder=Path(settings.BASE_DIR),
        env={**os.environ, **env},
        patience=DRAIN_SECONDS + 10,
    )
