"""These stories count all rows of the log: each file begins with a database in which nobody has written anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests import database

if TYPE_CHECKING:
    from pytest_django import DjangoDbBlocker


@pytest.fixture(scope="module", autouse=True)
def fresh_database(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    with django_db_blocker.unblock():
        database.copy_template()
