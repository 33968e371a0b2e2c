"""Chromium, and Harriet served to it from the test database."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conftest import SESSION

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.ground.installation import Installation
    from tests.servers.running import SdkServer
    from tests.stage.cast import Cast
    from tests.stage.site import Site

CHROMIUM = os.environ.get("HARRIET_TEST_CHROMIUM", "/usr/bin/chromium")
FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def flags() -> list[str]:
    """Chromium's sandbox refuses root."""
    return [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else FLAGS


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Closed when the next test is none of the browser's: Playwright keeps an event loop running in this thread."""
    if not Path(CHROMIUM).exists():
        pytest.fail(f"{CHROMIUM} is not installed: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    from tests.database import close_connections

    close_connections()  # while its loop runs, Django keeps this thread's connections elsewhere and can't close these
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Because of that loop Django would take the tests for async code.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags())
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def static_files(django_db_setup: None) -> None:
    from tests.stage.site import collect_static

    collect_static()


@pytest.fixture(scope="package")
def served(django_db_setup: None, static_files: None) -> Iterator[str]:
    """One process for all stories, as it takes its time to start. It keeps nothing of a database that is made anew."""
    from tests.stage.site import serve

    with serve(SESSION) as url:
        yield url


@pytest.fixture
def site(transactional_db: None, served: str, browser: Browser) -> Iterator[Site]:
    from tests.stage.site import Site, until_connected

    until_connected()
    before = list(browser.contexts)
    yield Site(served, browser)
    for context in browser.contexts:  # a page left open goes on asking for what is new
        if context not in before:
            context.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failure tells what the pages that are open show: most of them only say that they waited."""
    report = yield
    shown = getattr(item, "funcargs", {}).get("browser")
    if shown and report.when == "call" and report.failed:
        for context in shown.contexts:
            report.sections += [(f"{page.url} shows", page.inner_text("body")[:3000]) for page in context.pages]
    return report


@pytest.fixture
def cast(committed_cast: Cast) -> Cast:
    """Here the cast is visible to the process that serves the pages."""
    return committed_cast


@pytest.fixture(scope="module")
def harriet(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation of its own, that nobody owns yet."""
    from tests.ground.installation import started, with_tables

    with started(with_tables(tmp_path_factory.mktemp("first story") / "run")) as installation:
        yield installation


@pytest.fixture
def upstream(tmp_path: Path) -> Iterator[SdkServer]:
    """A server of the official SDK, to be connected."""
    from tests.servers.running import sdk_server

    with sdk_server(tmp_path) as server:
        yield server
