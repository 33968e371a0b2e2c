"""What is stored for signing in by OAuth only fetches tokens: no door of the vault puts it into a request."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
from jwcrypto.jwk import JWK

from harriet.lib.secret import Secret
from tests.stage.cast import Cast
from vault.actions.save_credential import save_credential
from vault.errors import CredentialRefused, NoStaticSecret
from vault.open import open_unsaved, opener_for
from vault.queries import sealed_credential
from vault.rules import check_credential
from vault.types.registry import TYPES

OAUTH = [kind for kind in TYPES.values() if kind.is_oauth]
RSA = JWK.generate(kty="RSA", size=2048)
KEY_FILE = {
    "type": "service_account",
    "client_email": "harriet@acme.example",
    "private_key_id": "1",
    "private_key": RSA.export_to_pem(private_key=True, password=None).decode(),
    "token_uri": "https://accounts.acme.example/token",
}


def secret_of(code: str) -> Secret:
    return Secret(json.dumps(KEY_FILE) if code == "service_account" else "sk-client-secret")


@pytest.mark.django_db
@pytest.mark.parametrize("kind", OAUTH, ids=[kind.code for kind in OAUTH])
def test_it_can_be_stored_and_is_never_sent(cast: Cast, kind) -> None:
    connector, placement = uuid4(), {"client_id": "harriet"} | dict(kind.example)
    alice, secret = cast.actor(cast.alice), secret_of(kind.code)
    save_credential(
        *(cast.acme, connector, "CRM"),
        **{"type": kind.code, "secret": secret, "placement": placement},
        **{"owner": None, "rotate_every_days": None, "actor": alice},
    )
    stored = sealed_credential(cast.acme.pk, connector)
    with pytest.raises(NoStaticSecret):
        opener_for(cast.acme.pk).credential(stored)
    with pytest.raises(NoStaticSecret):
        open_unsaved(kind.code, secret, placement=placement)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"private_key": "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----"}, "can't be read"),
        ({"private_key": RSA.export_to_pem().decode()}, "can't be read"),
        ({"private_key": 7}, "is missing"),
        ({"client_email": ""}, "is missing"),
        ({"token_uri": "file:///etc/passwd"}, "not an https:// address"),
        ({"private_key": JWK.generate(kty="RSA", size=1024).export_to_pem(True, None).decode()}, "2048 bits"),
    ],
)
def test_a_key_file_that_signs_nothing_is_refused(change: dict[str, object], said: str) -> None:
    with pytest.raises(CredentialRefused, match=said) as refused:
        check_credential("service_account", Secret(json.dumps(KEY_FILE | change)), username="", placement={})
    assert refused.value.field == "secret" and "BEGIN" not in str(refused.value)


@pytest.mark.parametrize("text", ["", "[]", "null", "{", '"key"', "[" * 100_000, "not JSON"])
def test_what_is_no_key_file_is_refused(text: str) -> None:
    with pytest.raises(CredentialRefused):
        check_credential("service_account", Secret(text[:8000]), username="", placement={})


@pytest.mark.parametrize(
    ("code", "secret", "placement", "field"),
    [
        ("oauth_user", "s3cret", {}, "client_id"),
        ("oauth_client", "s3cret", {}, "client_id"),
        ("oauth_user", "a\nb", {"client_id": "harriet"}, "secret"),
        ("oauth_user", "", {"scopes": 'a "b"'}, "scopes"),
        ("oauth_user", "", {"issuer": "javascript:alert(1)"}, "issuer"),
        ("oauth_user", "", {"token_url": "file:///etc/passwd"}, "token_url"),
        ("oauth_user", "", {"authorization_url": "javascript:alert(1)"}, "authorization_url"),
        ("oauth_user", "", {"resource": "https://a.example/#x"}, "resource"),
        ("oauth_user", "", {"client_id": "a\x00b"}, "client_id"),
        ("service_account", json.dumps(KEY_FILE), {"subject": "root"}, "subject"),
    ],
)
def test_what_fits_nothing_is_refused_beside_its_field(
    code: str, secret: str, placement: dict[str, str], field: str
) -> None:
    with pytest.raises(CredentialRefused) as refused:
        check_credential(code, Secret(secret), username="", placement=placement)
    assert refused.value.field == field
