"""A wrong or missing root key refuses to start, says which key it wants, and changes nothing."""

from pathlib import Path

import pytest
from pytest_django import Settings

from audit.models import Event
from harriet.lib.errors import Problem
from harriet.lib.keyfile import make_keys
from tests.stage.cast import Cast
from tests.stage.credentials import save_token
from vault.actions.check_root_key import check_root_key
from vault.actions.create_data_key import create_data_key
from vault.actions.register_root_key import register_root_key
from vault.errors import CannotOpen, WrongRootKey
from vault.keys.data_keys import unwrap_data_key
from vault.keys.registry import root_key
from vault.models import DataKey, RootKey
from vault.open import opener_for
from vault.queries import data_keys_of

pytestmark = pytest.mark.django_db


def other_keys(settings: Settings, folder: Path) -> None:
    make_keys(folder)
    settings.KEYS_DIR = folder


def test_the_first_start_registers_the_key_once() -> None:
    check_root_key()
    check_root_key()
    assert RootKey.objects.get().label == root_key().describe().label
    assert Event.objects.filter(code="root_key.registered").count() == 1


def test_another_key_file_refuses_to_start(cast: Cast, settings: Settings, tmp_path: Path) -> None:
    save_token(cast)
    wanted = root_key().describe().label
    other_keys(settings, tmp_path / "keys")
    with pytest.raises(WrongRootKey) as wrong:
        check_root_key()
    assert wanted in wrong.value.message
    assert root_key().describe().label in wrong.value.message
    with pytest.raises(CannotOpen):
        opener_for(cast.acme.pk)
    assert RootKey.objects.count() == 1


def test_no_data_key_is_made_under_another_root_key(cast: Cast, settings: Settings, tmp_path: Path) -> None:
    DataKey.objects.filter(organization=cast.globex).delete()
    other_keys(settings, tmp_path / "keys")
    with pytest.raises(WrongRootKey):
        create_data_key(cast.globex.pk)
    assert not data_keys_of(cast.globex.pk)


def test_a_missing_key_file_refuses_to_start_and_is_not_made(cast: Cast, settings: Settings, tmp_path: Path) -> None:
    settings.KEYS_DIR = tmp_path
    with pytest.raises(Problem, match="missing"):
        check_root_key()
    assert list(tmp_path.iterdir()) == []


def test_a_key_that_others_may_read_is_refused(settings: Settings, tmp_path: Path) -> None:
    other_keys(settings, tmp_path / "keys")
    (tmp_path / "keys" / "vault.key").chmod(0o644)
    with pytest.raises(Problem, match="chmod"):
        check_root_key()


def test_rows_that_lost_their_root_key_are_not_taken_over(cast: Cast) -> None:
    """A canary that another key wrapped under our label, as after a botched restore."""
    RootKey.objects.update(canary=b"H" * 120)
    with pytest.raises(WrongRootKey, match="canary"):
        check_root_key()


def test_a_data_key_of_another_organization_or_version_does_not_unwrap(cast: Cast) -> None:
    acme, globex = create_data_key(cast.acme.pk), create_data_key(cast.globex.pk)
    acme.wrapped, globex.version = globex.wrapped, 2
    for row in (acme, globex):
        with pytest.raises(CannotOpen):
            unwrap_data_key(row)


def test_the_data_key_is_made_once_and_stored_wrapped(cast: Cast) -> None:
    first = create_data_key(cast.acme.pk)
    assert create_data_key(cast.acme.pk).pk == first.pk
    assert unwrap_data_key(first).reveal() not in bytes(first.wrapped or b"")
    assert unwrap_data_key(first).reveal() != unwrap_data_key(create_data_key(cast.globex.pk)).reveal()


def test_registering_again_changes_nothing() -> None:
    first = register_root_key(root_key())
    assert bytes(register_root_key(root_key()).canary) == bytes(first.canary)
