"""`manage.py vault verify` finds what somebody changed behind Harriet's back, and names it."""

import hashlib
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from audit.models import Event
from tests.stage.cast import Cast
from tests.stage.credentials import save_token
from vault.actions.delete_credential import delete_credential
from vault.models import Credential, CredentialVersion, DataKey

pytestmark = pytest.mark.django_db


def verify() -> str:
    out = StringIO()
    call_command("vault", "verify", stdout=out)
    return out.getvalue()


def complaint() -> str:
    with pytest.raises(CommandError) as complained:
        verify()
    assert complained.value.returncode == 1
    return str(complained.value)


def test_a_vault_as_it_was_left_is_whole(cast: Cast) -> None:
    first = save_token(cast)
    save_token(cast, first.connector_id, secret="the-second")
    gone = save_token(cast)
    delete_credential(gone.connector_id, actor=cast.actor(cast.alice))
    assert "2 data keys, 1 credentials, 2 versions" in verify()


def test_an_empty_vault_is_whole() -> None:
    assert "0 credentials" in verify()


def test_a_row_put_back_is_found(cast: Cast) -> None:
    """Version 2 disappears and version 1 is current again, all of it genuine."""
    credential = save_token(cast)
    save_token(cast, credential.connector_id, secret="the-second")
    credential.versions.filter(number=2).delete()
    credential.versions.filter(number=1).update(is_current=True)
    assert "uses version 1, but the audit log says that version 2 was saved last" in complaint()


def test_old_bytes_put_back_are_found(cast: Cast) -> None:
    credential = save_token(cast)
    old = bytes(credential.versions.get().sealed)
    save_token(cast, credential.connector_id, secret="the-second")
    newest = credential.versions.filter(number=2)
    newest.update(sealed=old)
    assert "has other bytes in version 2 than were saved there" in complaint()
    newest.update(digest=hashlib.sha256(old).digest())
    said = complaint()
    assert "has other bytes in version 2 than the audit log says were saved" in said
    assert "does not open (version 2" in said


def test_a_deleted_credential_that_is_back_is_found(cast: Cast) -> None:
    credential = save_token(cast)
    version = credential.versions.get()
    delete_credential(credential.connector_id, actor=cast.actor(cast.alice))
    credential.save(force_insert=True)
    version.save(force_insert=True)
    assert "was deleted, and is back" in complaint()


def test_a_credential_that_vanished_is_found(cast: Cast) -> None:
    credential = save_token(cast)
    Credential.objects.filter(pk=credential.pk).delete()
    assert f"{credential.pk} was saved, never deleted, and is missing" in complaint()


def test_an_unknown_version_is_found(cast: Cast) -> None:
    credential = save_token(cast)
    version = credential.versions.get()
    credential.versions.update(is_current=False)
    CredentialVersion.objects.create(
        credential=credential, number=2, sealed=version.sealed, digest=version.digest, key_version=1
    )
    assert "uses version 2, but the audit log says that version 1 was saved last" in complaint()


def test_a_moved_credential_is_found(cast: Cast) -> None:
    one, other = save_token(cast), save_token(cast)
    moved = bytes(one.versions.get().sealed)
    other.versions.update(sealed=moved)
    assert str(other.pk) in complaint()


def test_a_broken_data_key_is_found(cast: Cast) -> None:
    save_token(cast)
    DataKey.objects.filter(organization=cast.acme).update(wrapped=b"H" * 120)
    said = complaint()
    assert "First: acme: data key version 1 does not unwrap" in said
    assert "and 1 more" in said


def test_a_secret_that_is_sent_elsewhere_is_found(cast: Cast) -> None:
    save_token(cast)
    Credential.objects.update(placement={"in": "query", "name": "q", "template": "{{secret}}"})
    assert "is sent in another way than the audit log says" in complaint()


def test_a_forged_event_is_found(cast: Cast) -> None:
    """Somebody who writes the database puts an old row back, together with an event that says it belongs there."""
    credential = save_token(cast)
    save_token(cast, credential.connector_id, secret="the-second")
    first = Event.objects.filter(code="credential.saved").order_by("pk")[0]
    body = first.body.replace('"version":1', '"version":3')
    Event.objects.create(
        organization_id=cast.acme.pk, request_id=first.request_id, code=first.code, body=body, mac=b"0" * 32
    )
    assert "isn't genuine" in complaint()
