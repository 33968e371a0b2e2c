"""The story that these tests tell, made when Django is ready."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.stage.held_calls import Story


@pytest.fixture
def story(cast: Any) -> Story:
    from tests.stage.held_calls import make_story

    return make_story(cast)
