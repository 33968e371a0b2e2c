"""Every test runs on real PostgreSQL and Redis, with keys of its own. The cast: Alice, Bob, Dana; Charlie outside."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tests.embedded import ensure_servers, use_redis

SESSION = ensure_servers()
os.environ["DJANGO_SETTINGS_MODULE"] = "harriet.settings"

import hypothesis
import pytest
from django.conf import settings
from django.test import TransactionTestCase

settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
use_redis()

hypothesis.settings.register_profile(
    "slow machines", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("slow machines")

from tests import database

if TYPE_CHECKING:
    from pytest_django import DjangoDbBlocker

    from tests.stage.cast import Cast


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with django_db_blocker.unblock():
        database.ensure_template(SESSION)
        database.use_database(database.database_name())
        database.copy_template()
        _announce()
    TransactionTestCase._fixture_teardown = lambda self: _made_anew()
    yield
    with django_db_blocker.unblock():
        database.close_connections()


def _made_anew() -> None:
    """A process that stories share may be about to write how a call ended: that belongs to this story, and would be
    found in the database of the next. What was killed is waited for in vain, and not for long."""
    end = time.monotonic() + 1.5
    while time.monotonic() < end and database.lacks_outcomes():
        time.sleep(0.02)
    database.copy_template()


def _announce() -> None:
    """Code that opens its own connections, and programs that a test starts, find the same database."""
    url = database.url_of(database.database_name())
    settings.DATABASE_URL = settings.DATABASE_OWNER_URL = url
    os.environ["DATABASE_URL"] = os.environ["DATABASE_OWNER_URL"] = url


@pytest.fixture
def runtime_url(django_db_setup: None) -> str:
    """The test database for the role that Harriet runs as, which owns nothing (use with transactional_db)."""
    return database.url_of(database.database_name(), "HARRIET_TEST_RUNTIME_URL")


@pytest.fixture
def cast(db: None) -> Cast:
    """The cast, seen by this test alone: its transaction is rolled back."""
    from tests.stage.cast import make_cast

    return make_cast()


@pytest.fixture
def committed_cast(transactional_db: None) -> Cast:
    """The cast, visible to other processes."""
    from tests.stage.cast import make_cast

    return make_cast()


@pytest.fixture(scope="module")
def shared_cast(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Cast]:
    """One cast for all of a file that only reads: making a database anew takes its time."""
    from tests.stage.cast import make_cast

    with django_db_blocker.unblock():
        yield make_cast()
        database.copy_template()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--no-skips", action="store_true", help="a skipped test fails the run")
    parser.addoption("--write", action="store_true", help="what is measured becomes the document that tells it")
    parser.addoption("--whole", action="store_true", help="the numbers that are claimed, not the few of each day")


SLOW = ("tests/browser/", "tests/ground/", "tests/clients/", "tests/conformance/")
"""Of these a file may take minutes: they begin first, so that no worker has one left when the others are done."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(SLOW))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """`make test` never passes by skipping."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if session.config.getoption("--no-skips") and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
