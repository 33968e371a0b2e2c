"""Whoever adds a place for root keys writes one file and one line in the registry: all that is wrapped goes through."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules

import pytest

import vault.keys
from tests.stage.cast import Cast
from tests.stage.credentials import TOKEN, save_token
from vault.actions.check_root_key import check_root_key
from vault.errors import CannotOpen, WrongRootKey
from vault.keys import registry
from vault.keys.base import RootKeyDescription, RootKeyProvider
from vault.keys.registry import ROOT_KEYS, root_key
from vault.models import DataKey, RootKey
from vault.open import opener_for
from vault.queries import sealed_credentials

each_kind = pytest.mark.parametrize("kind", ROOT_KEYS)
CONTEXT = {"organization": "acme", "version": "1"}


class FarAway:
    """A key service that wraps and never hands out its key."""

    held: dict[bytes, tuple[bytes, dict[str, str]]] = {}

    def wrap(self, plaintext: bytes, context: Mapping[str, str]) -> bytes:
        ticket = f"ticket {len(self.held)}".encode()
        self.held[ticket] = (plaintext, dict(context))
        return ticket

    def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        plaintext, bound_to = self.held.get(wrapped, (b"", None))
        if bound_to != context:
            raise CannotOpen
        return plaintext

    def describe(self) -> RootKeyDescription:
        return RootKeyDescription("far_away", "key 7 of the service far away")


@pytest.fixture
def far_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ROOT_KEYS, "far_away", FarAway)
    monkeypatch.setattr(registry, "_IN_USE", "far_away")


def test_each_provider_stands_in_the_registry() -> None:
    modules = [import_module(f"vault.keys.{one.name}") for one in iter_modules(vault.keys.__path__)]
    written = {
        value
        for one in modules
        for value in vars(one).values()
        if isinstance(value, type) and value.__module__ == one.__name__ and hasattr(value, "unwrap")
    }
    written -= {RootKeyProvider}
    assert written == set(ROOT_KEYS.values()), "a provider that isn't in the registry wraps nothing"


def test_with_a_second_kind_a_setting_says_which_is_in_use() -> None:
    """Otherwise whoever adds one has added what nobody can choose."""
    in_use = re.search(r"^_IN_USE = (.+)$", inspect.getsource(registry), re.MULTILINE)
    assert in_use is not None
    assert in_use[1].startswith("settings.") == (len(ROOT_KEYS) > 1), "vault/keys/registry.py"


@each_kind
def test_it_gives_back_what_it_wrapped_for_the_same_context_only(kind: str) -> None:
    provider = ROOT_KEYS[kind]()
    wrapped = provider.wrap(b"data key", CONTEXT)
    assert b"data key" not in wrapped
    assert provider.unwrap(wrapped, {"version": "1", "organization": "acme"}) == b"data key"
    for other in ({}, {"organization": "globex", "version": "1"}, {"organization": "acme1", "version": ""}):
        with pytest.raises(CannotOpen):
            provider.unwrap(wrapped, other)
    with pytest.raises(CannotOpen):
        provider.unwrap(b"H" * 120, CONTEXT)


@each_kind
def test_it_says_which_key_it_is_within_what_is_stored(kind: str) -> None:
    described = ROOT_KEYS[kind]().describe()
    assert described.provider == kind
    for field, value in (("provider", described.provider), ("label", described.label)):
        longest = RootKey._meta.get_field(field).max_length
        assert longest is not None and 0 < len(value) <= longest


@pytest.mark.django_db
def test_everything_is_wrapped_by_the_one_in_use(far_away: None, cast: Cast) -> None:
    """The cast founds two organizations, and with them makes their data keys."""
    save_token(cast)
    assert RootKey.objects.get().provider == root_key().describe().provider == "far_away"
    assert {bytes(row.wrapped or b"")[:6] for row in DataKey.objects.all()} == {b"ticket"}
    (stored,) = sealed_credentials(cast.acme.pk).values()
    with opener_for(cast.acme.pk).credential(stored) as opened:
        assert opened.headers == {"Authorization": f"Bearer {TOKEN}"}


@pytest.mark.django_db
def test_another_provider_does_not_take_over_what_the_first_one_wrapped(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ROOT_KEYS, "far_away", FarAway)
    monkeypatch.setattr(registry, "_IN_USE", "far_away")
    with pytest.raises(WrongRootKey, match="key 7 of the service far away"):
        check_root_key()
    assert RootKey.objects.get().provider == "keyfile"
