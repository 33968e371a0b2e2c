"""A set-up file that is applied twice finds the secret it brings in the vault already."""

import pytest

from harriet.lib.ids import new_id
from harriet.lib.secret import Secret
from tests.stage.cast import Cast
from tests.stage.credentials import TOKEN, save_token
from vault.compare import is_same_credential

pytestmark = pytest.mark.django_db


def test_only_the_very_same_secret_at_the_same_place_is_the_same(cast: Cast) -> None:
    connector = save_token(cast).connector_id
    assert is_same_credential(connector, "bearer", Secret(TOKEN), username="", placement={})
    assert not is_same_credential(connector, "bearer", Secret("another"), username="", placement={})
    assert not is_same_credential(connector, "bearer", Secret(TOKEN), username="", placement={"name": "X-Key"})
    assert not is_same_credential(connector, "basic", Secret(TOKEN), username="harriet", placement={})
    assert not is_same_credential(new_id(), "bearer", Secret(TOKEN), username="", placement={})
