"""What a browser says that a security key said may be anything: it is refused, and nothing breaks."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from tests.stage.cast import Cast

ODD = (
    "9" * 5000,
    "[" * 100_000,
    '{"a":' * 50_000,
    "[[[[",
    "NaN",
    "1e400",
    "null",
    "{}",
    '{"id": 1, "response": []}',
    '"x"',
)


@pytest.mark.parametrize("said", ODD, ids=lambda said: said[:12])
@pytest.mark.parametrize("page", ["mfa_login_webauthn", "mfa_reauthenticate_webauthn", "mfa_add_webauthn"])
def test_what_no_key_says_is_refused(client: Client, cast: Cast, page: str, said: str) -> None:
    cache.clear()
    if page != "mfa_login_webauthn":
        client.force_login(cast.alice)
    client.get(reverse(page))
    answer = client.post(reverse(page), {"credential": said, "name": "Key"})
    assert answer.status_code in {200, 302, 400}
    assert not cast.alice.authenticator_set.exists()
