"""What the stories of grants share: a provider that gives tokens, and Harriet registered there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # this file is read before Django is set up
    from tests.servers.token_endpoint import TokenEndpoint
    from tests.stage.cast import Cast
    from vault.models import OAuthClient


@pytest.fixture(scope="module")
def endpoint() -> Iterator[TokenEndpoint]:
    from tests.servers.token_endpoint import TokenEndpoint

    with TokenEndpoint() as endpoint:
        yield endpoint


@pytest.fixture
def client_(cast: Cast, endpoint: TokenEndpoint) -> OAuthClient:
    from tests.stage.oauth import make_client

    endpoint.forms.clear()
    endpoint.answers = endpoint.strict
    return make_client(cast.acme, endpoint.url)
