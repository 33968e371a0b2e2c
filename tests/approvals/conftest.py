"""Dana wants to send a mail: what these stories begin with, made when Django is ready."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.stage.cast import Cast
    from tests.stage.held_calls import Mailing


@pytest.fixture
def mailing(cast: Cast) -> Mailing:
    from tests.stage.held_calls import make_mailing

    return make_mailing(cast)
