"""What the stories of OAuth share: where Harriet is for the world."""

from __future__ import annotations

import pytest
from pytest_django.fixtures import Settings


@pytest.fixture(autouse=True)
def _at_https(settings: Settings) -> None:
    settings.BASE_URL = "https://harriet.example"
