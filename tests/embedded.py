"""The servers of one test session: real PostgreSQL and Redis, started once, shared by all xdist workers."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

MARK = "HARRIET_TEST_SESSION"
FAST = {"fsync": "off", "full_page_writes": "off", "max_connections": "300", "shared_buffers": "64MB"}


def ensure_servers() -> Path:
    """Start them in the first process (the xdist controller); workers find them in the environment."""
    if MARK not in os.environ:
        _start_servers()
    _pick_redis_database()
    return Path(os.environ[MARK])


def _start_servers() -> None:
    from harriet.lib.keyfile import make_keys
    from harriet.start.embedded import start_embedded

    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # to compile Harriet is a third of what starting a process takes
    session = Path(tempfile.mkdtemp(prefix="harriet tests "))
    atexit.register(shutil.rmtree, session, ignore_errors=True)
    embedded = start_embedded(session, options=FAST)
    atexit.register(embedded.stop)
    make_keys(session / "keys")
    os.environ.update(
        {
            MARK: str(session),
            "HARRIET_RUN_DIR": str(session),
            "HARRIET_KEYS_DIR": str(session / "keys"),
            "DATABASE_URL": embedded.addresses["database_owner_url"],
            "DATABASE_OWNER_URL": embedded.addresses["database_owner_url"],
            "HARRIET_TEST_RUNTIME_URL": embedded.addresses["database_url"],
            "REDIS_URL": embedded.addresses["redis_url"],
            "HARRIET_ALLOWED_LOCAL_HOSTS": "127.0.0.1,localhost,::1",
        }
    )


def _pick_redis_database() -> None:
    """A Redis database for each xdist worker, so that no worker takes another's tasks."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if worker:
        base, _, _ = os.environ["REDIS_URL"].rpartition("/")
        os.environ["REDIS_URL"] = f"{base}/{int(worker.removeprefix('gw')) + 1}"


def use_redis() -> None:
    """An xdist worker's settings may have been read before its Redis database was picked: it inherits the name of the
    settings module from the controller."""
    from django.conf import settings

    from harriet.celery import app

    url = os.environ["REDIS_URL"]
    settings.REDIS_URL = settings.CELERY_BROKER_URL = app.conf.broker_url = url
    settings.CACHES["default"]["LOCATION"] = url
