"""Harriet itself, served by gunicorn from the test database, and browser pages signed in to it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import TypeVar

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connections
from playwright.sync_api import Browser, BrowserContext, Page, expect

from harriet.lib.ids import new_id
from harriet.people.models import User
from tests.stage.processes import Gateway
from tests.stage.waiting import wait_for

T = TypeVar("T")
PATIENCE = 60_000
"""Milliseconds, on a machine that has other things to do."""
expect.set_options(timeout=PATIENCE)


@dataclass(frozen=True, slots=True)
class Site:
    url: str
    browser: Browser

    def context(
        self, user: User | None = None, *, width: int = 1440, theme: str = "light", has_scripts: bool = True
    ) -> BrowserContext:
        """A browser of somebody's own; signed in when a user is given."""
        height = 740 if width < 640 else 900
        context = self.browser.new_context(
            base_url=self.url,
            viewport={"width": width, "height": height},
            java_script_enabled=has_scripts,
            color_scheme=theme,  # type: ignore[arg-type]
            reduced_motion="reduce",
        )
        context.set_default_timeout(PATIENCE)
        if user is not None:
            cookie = {"name": settings.SESSION_COOKIE_NAME, "value": session_for(user), "url": self.url}
            context.add_cookies([cookie])  # type: ignore[list-item]
        return context

    def page(self, user: User | None = None) -> Page:
        return self.context(user).new_page()


def press(page: Page, button: str, *, exact: bool = False) -> None:
    """A button that leads to another page: what is read or judged after it is that page, and all of it."""
    with page.expect_navigation():
        page.get_by_role("button", name=button, exact=exact).first.click()


def follow(page: Page, link: str, *, exact: bool = False) -> None:
    with page.expect_navigation():
        page.get_by_role("link", name=link, exact=exact).first.click()


def session_for(user: User) -> str:
    """What signing in leaves behind; the sign-in page has a story of its own."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return str(session.session_key)


@contextmanager
def serve(run_dir: Path) -> Iterator[str]:
    """Runs the web process until the block ends; gives its address."""
    web = Gateway(
        log=run_dir / f"web-{new_id()}.log", HARRIET_BASE_URL="http://127.0.0.1:{port}", DJANGO_ALLOW_ASYNC_UNSAFE=""
    )
    try:
        web.wait()
        yield web.url
    finally:
        web.stop()


_GATEWAYS = """SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
AND application_name = 'harriet gateway' AND query LIKE '%people_organizationversion%'"""
"""Those that listen, and have looked at what changed."""


def until_connected() -> None:
    """The database may have been made anew a moment ago; a process that runs comes back to it by itself."""

    def is_there() -> bool:
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(_GATEWAYS)
            return cursor.fetchone() is not None

    wait_for(is_there)


def collect_static() -> None:
    """As `manage.py start` does it: hashed names, compressed files. One worker does it for all of a session."""
    command = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"]
    done = Path(settings.RUN_DIR) / "static.done"
    with done.with_suffix(".lock").open("w") as turn:
        flock(turn, LOCK_EX)
        if not done.exists():
            subprocess.run(command, cwd=settings.BASE_DIR, check=True, capture_output=True)
            done.touch()


def beside_the_browser(work: Callable[[], T]) -> T:
    """Playwright keeps an event loop in this thread; what needs one of its own is done in another thread."""

    def work_and_close() -> T:
        try:
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(work_and_close).result()
