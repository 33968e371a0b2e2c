"""Harriet itself, served by gunicorn from the test database, and browser pages signed in to it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from playwright.sync_api import Browser, BrowserContext, Page

from harriet.people.models import User
from harriet.start.processes import WORKER


@dataclass(frozen=True, slots=True)
class Site:
    url: str
    browser: Browser
    log: Path

    def context(self, user: User | None = None, *, width: int = 1440, has_scripts: bool = True) -> BrowserContext:
        """A browser of somebody's own; signed in when a user is given."""
        height = 740 if width < 640 else 900
        context = self.browser.new_context(
            base_url=self.url,
            viewport={"width": width, "height": height},
            java_script_enabled=has_scripts,
            reduced_motion="reduce",
        )
        if user is not None:
            cookie = {"name": settings.SESSION_COOKIE_NAME, "value": session_for(user), "url": self.url}
            context.add_cookies([cookie])  # type: ignore[list-item]
        return context

    def page(self, user: User | None = None) -> Page:
        return self.context(user).new_page()


def session_for(user: User) -> str:
    """What signing in leaves behind; the sign-in page has a story of its own."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return str(session.session_key)


@contextmanager
def serve(run_dir: Path) -> Iterator[tuple[str, Path]]:
    """Runs the web process until the block ends; gives its address and its log."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url, log = f"http://127.0.0.1:{port}", run_dir / f"web-{port}.log"
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "harriet.asgi:application",
        "--worker-class",
        WORKER,
        "--workers",
        "1",
    ]
    command += ["--bind", f"127.0.0.1:{port}", "--no-control-socket", "--log-level", "warning"]
    command += ["--graceful-timeout", "3"]  # a browser's connections may stay open
    with log.open("wb") as output:
        web = subprocess.Popen(
            command,
            cwd=settings.BASE_DIR,
            env={**os.environ, "HARRIET_BASE_URL": url, "DJANGO_ALLOW_ASYNC_UNSAFE": ""},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait_until_served(url, web, log)
            yield url, log
        finally:
            web.terminate()
            web.wait(timeout=20)


def _wait_until_served(url: str, web: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        if web.poll() is not None:
            break
        with suppress(OSError), urlopen(f"{url}/accounts/login/", timeout=5):
            return
        time.sleep(0.1)
    raise RuntimeError(f"The web process does not serve. Its log:\n{log.read_text()[-4000:]}")


def collect_static() -> None:
    """As `manage.py start` does it: hashed names, compressed files."""
    command = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"]
    subprocess.run(command, cwd=settings.BASE_DIR, check=True, capture_output=True)
