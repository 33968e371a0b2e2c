"""Acme with a profile that has a tool of each risk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.stage.cast import Cast


@pytest.fixture
def acme(cast: Cast) -> Cast:
    """Dana has the profile Work: she may look things up, change them, and wipe them."""
    from tests.stage.tools_by_risk import profile_by_risk

    profile_by_risk(cast)
    return cast
