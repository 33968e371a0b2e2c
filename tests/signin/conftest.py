"""Acme with a profile that has a tool of each risk; and one identity provider for the stories of a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from django.conf import settings

if TYPE_CHECKING:
    from tests.stage.cast import Cast


@pytest.fixture
def acme(cast: Cast) -> Cast:
    """Dana has the profile Work: she may look things up, change them, and wipe them."""
    from tests.stage.tools_by_risk import profile_by_risk

    profile_by_risk(cast)
    return cast


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    from tests.stage.identity_provider import identity_provider

    with identity_provider(tmp_path_factory.mktemp("provider") / "config") as url:
        yield url


@pytest.fixture
def provider_in_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever operates this machine allows what runs on it."""
    monkeypatch.setattr(settings, "ALLOWED_LOCAL_HOSTS", ("127.0.0.1",))
