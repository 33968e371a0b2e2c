"""Several people save the same secret at the same moment: each gets a version, one is current, all is whole."""

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from uuid import UUID

import pytest
from django.db import connection, transaction

from harriet.lib.ids import new_id
from tests.stage.cast import Cast, make_cast
from tests.stage.credentials import save_token
from tests.stage.waiting import wait_for_a_lock
from vault.actions.create_data_key import create_data_key
from vault.keys.data_keys import wrap_data_key
from vault.locks import lock_organization
from vault.models import Credential, DataKey
from vault.open import opener_for
from vault.queries import sealed_credentials
from vault.verify import verify_vault

pytestmark = pytest.mark.django_db(transaction=True)


def save_and_leave(cast: Cast, connector_id: UUID, secret: str) -> None:
    try:
        save_token(cast, connector_id, secret=secret)
    finally:
        connection.close()


def test_savers_at_once_get_consecutive_versions() -> None:
    cast, connector = make_cast(), new_id()
    entered = [f"secret-number-{number}" for number in range(16)]
    with ThreadPoolExecutor(8) as people:
        list(people.map(lambda secret: save_and_leave(cast, connector, secret), entered))
    credential = Credential.objects.get()
    numbers = credential.versions.order_by("number").values_list("number", flat=True)
    assert list(numbers) == list(range(1, 17))
    with opener_for(cast.acme.pk).credential(sealed_credentials(cast.acme.pk)[connector]) as opened:
        assert opened.secrets[0].reveal() in entered
    assert verify_vault().problems == []


def test_one_data_key_is_made_however_many_ask() -> None:
    cast = make_cast()
    DataKey.objects.all().delete()

    def ask(_: int) -> UUID:
        try:
            return create_data_key(cast.acme.pk).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as people:
        assert len(set(people.map(ask, range(16)))) == 1


def test_a_saver_that_waits_for_a_rotation_seals_with_the_new_key() -> None:
    """The trap of `WHERE state = 'active' FOR SHARE`: the row that was waited for isn't active any more."""
    cast, connector = make_cast(), new_id()
    with ThreadPoolExecutor(1) as people:
        with rotating(cast):
            waiting = people.submit(save_and_leave, cast, connector, "sealed-after")
            wait_for_a_lock()
        waiting.result(60)
    assert Credential.objects.get().versions.get().key_version == 2
    assert verify_vault().problems == []


@contextmanager
def rotating(cast: Cast) -> Iterator[None]:
    """Data key 2 takes over from data key 1 in a transaction that is still open inside the block."""
    with transaction.atomic():
        lock_organization(cast.acme.pk)
        old = DataKey.objects.get(organization=cast.acme)
        old.state = DataKey.State.RETIRING
        old.save()
        wrapped = wrap_data_key(cast.acme.pk, 2, secrets.token_bytes(32))
        DataKey.objects.create(organization=cast.acme, version=2, root_key=old.root_key, wrapped=wrapped)
        yield
