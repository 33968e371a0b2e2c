"""What the stories of OAuth share: where Harriet is for the world, and a company whose sign-ins are exchanged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from pytest_django.fixtures import Settings

if TYPE_CHECKING:  # this file is read before Django is set up
    from tests.servers.exchanging import Exchanging
    from tests.stage.cast import Cast
    from tests.stage.company_sign_ins import CompanySignIns


@pytest.fixture(autouse=True)
def _at_https(settings: Settings) -> None:
    settings.BASE_URL = "https://harriet.example"


@pytest.fixture
def exchanging() -> Iterator[Exchanging]:
    """An identity provider and an authorization server in one, which give tokens for sign-ins."""
    from tests.servers.exchanging import Exchanging

    with Exchanging() as running:
        yield running


@pytest.fixture
def company(cast: Cast, exchanging: Exchanging) -> CompanySignIns:
    from tests.stage.company_sign_ins import CompanySignIns

    return CompanySignIns(cast, exchanging)
