"""Whoever adds a store of secrets writes one file and one line in the registry: openers take the sources from there."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from pkgutil import iter_modules
from uuid import uuid4

import pytest

import vault.sources
from harriet.lib.secret import Secret
from tests.stage.cast import Cast
from tests.stage.credentials import TOKEN, save_token
from vault.errors import CannotOpen
from vault.keys.data_keys import Keyring
from vault.models import Credential, CredentialVersion
from vault.open import opener_for
from vault.queries import sealed_credentials, sealed_of
from vault.sources.base import Revealed, SecretSource
from vault.sources.registry import SOURCES
from vault.stored import SealedCredential

ELSEWHERE = "sk-from-another-store-51aa"


class Elsewhere:
    """A store that keeps secrets under the names of connectors."""

    def __init__(self, keyring: Keyring) -> None:
        self._kept = {str(keyring.organization_id): ELSEWHERE}

    def reveal(self, stored: SealedCredential) -> Revealed:
        return "", Secret(self._kept[str(stored.organization_id)])


def stored(cast: Cast) -> SealedCredential:
    save_token(cast)
    (found,) = sealed_credentials(cast.acme.pk).values()
    return found


def test_each_source_stands_in_the_registry() -> None:
    modules = [import_module(f"vault.sources.{one.name}") for one in iter_modules(vault.sources.__path__)]
    written = {
        value
        for one in modules
        for value in vars(one).values()
        if isinstance(value, type) and value.__module__ == one.__name__ and hasattr(value, "reveal")
    }
    written -= {SecretSource}
    assert written == set(SOURCES.values()), "a source that isn't in the registry opens nothing"


def test_with_a_second_source_each_version_says_which_it_is_of() -> None:
    """The column comes when it is needed, and is then handed on to whoever opens."""
    columns = {field.name for field in CredentialVersion._meta.fields}
    assert ("source" in columns) == (len(SOURCES) > 1), "the column of CredentialVersion in vault/models/credentials.py"
    for source in SOURCES:
        credential = Credential(organization_id=uuid4(), connector_id=uuid4())
        version = CredentialVersion(credential=credential, number=1, key_version=1, sealed=b"")
        version.__dict__["source"] = source
        assert sealed_of(version).source == source, "sealed_of in vault/queries.py"


@pytest.mark.django_db
def test_what_was_saved_until_now_is_sealed_here(cast: Cast) -> None:
    here = stored(cast)
    assert here.source in SOURCES
    with opener_for(cast.acme.pk).credential(here) as opened:
        assert opened.headers == {"Authorization": f"Bearer {TOKEN}"}


@pytest.mark.django_db
def test_another_source_is_asked_for_what_names_it(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SOURCES, "elsewhere", Elsewhere)
    here = stored(cast)
    opener = opener_for(cast.acme.pk)
    with opener.credential(replace(here, source="elsewhere")) as opened:
        assert opened.headers == {"Authorization": f"Bearer {ELSEWHERE}"}
        assert [secret.reveal() for secret in opened.secrets] == [ELSEWHERE]
    with opener.credential(here) as opened:
        assert opened.headers == {"Authorization": f"Bearer {TOKEN}"}


@pytest.mark.django_db
def test_a_source_is_asked_for_its_own_organization_only(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SOURCES, "elsewhere", Elsewhere)
    acme_s = replace(stored(cast), source="elsewhere")
    with pytest.raises(CannotOpen):
        opener_for(cast.globex.pk).credential(acme_s)


@pytest.mark.django_db
def test_a_source_that_harriet_does_not_know_opens_nothing(cast: Cast) -> None:
    with pytest.raises(CannotOpen):
        opener_for(cast.acme.pk).credential(replace(stored(cast), source="of a later Harriet"))
