"""Alice says which accounts may be connected: those of the company's domains, by whatever the provider says of them."""

from __future__ import annotations

import pytest

from audit.models import Event
from harriet.people.actors import actor_of
from harriet.people.errors import NotAllowed
from tests.stage.cast import Cast
from tests.stage.grants import registration
from vault.actions.set_allowed_domains import set_allowed_domains
from vault.errors import AccountNotAllowed, VaultError
from vault.oauth.accounts import check_account

pytestmark = pytest.mark.django_db


def test_domains_are_kept_as_they_are_compared(cast: Cast) -> None:
    client = registration(cast.acme, "https://provider.test")
    assert set_allowed_domains(client, ["@Acme.COM", " acme.com.", "bücher.example", ""], actor=actor_of(cast.alice))
    client.refresh_from_db()
    assert client.allowed_domains == ["acme.com", "xn--bcher-kva.example"]
    assert not set_allowed_domains(client, ["acme.com", "bücher.example"], actor=actor_of(cast.alice))
    assert Event.objects.filter(code="oauth.domains_changed").count() == 1
    for wrong in ("acme", "https://acme.com", "a@acme.com", "*.acme.com", "acme..com", "acme.com/x", "-acme.com"):
        with pytest.raises(VaultError, match="no domain"):
            set_allowed_domains(client, [wrong], actor=actor_of(cast.alice))
    for other in (cast.bob, cast.dana, cast.charlie):
        with pytest.raises(NotAllowed):
            set_allowed_domains(client, [], actor=actor_of(other))


@pytest.mark.parametrize(
    ("address", "is_allowed"),
    [
        ("dana@acme.com", True),
        ("Dana@ACME.com", True),
        ("dana@gmail.com", False),
        ("dana@evil-acme.com", False),
        ("dana@sub.acme.com", False),
        ("dana@acme.com.evil.test", False),
        ('"a@acme.com"@evil.test', False),
        ("dana@evil.test@acme.com", False),
        ("@acme.com", False),
        ("acme.com", False),
        ("dana@acme.com ", True),
        ("dana@аcme.com", False),
        ("", False),
    ],
)
def test_only_accounts_of_these_domains(cast: Cast, address: str, is_allowed: bool) -> None:
    client = registration(cast.acme, "https://provider.test", allowed_domains=["acme.com"])
    if is_allowed:
        check_account(client, address)
        return
    with pytest.raises(AccountNotAllowed, match="Nothing was kept"):
        check_account(client, address)


@pytest.mark.parametrize(
    ("address", "is_allowed"),
    [("dana@straße.example", True), ("dana@xn--strae-oqa.example", True), ("dana@strasse.example", False)],
)
def test_a_domain_that_only_looks_alike_is_another(cast: Cast, address: str, is_allowed: bool) -> None:
    """ß is a letter of its own in names of domains since 2010: whoever owns one need not own the other."""
    client = registration(cast.acme, "https://provider.test")
    set_allowed_domains(client, ["Straße.example"], actor=actor_of(cast.alice))
    client.refresh_from_db()
    assert client.allowed_domains == ["xn--strae-oqa.example"]
    if is_allowed:
        check_account(client, address)
        return
    with pytest.raises(AccountNotAllowed):
        check_account(client, address)


def test_without_a_list_every_account_may(cast: Cast) -> None:
    client = registration(cast.acme, "https://provider.test")
    for address in ("", "dana@gmail.com"):
        check_account(client, address)
