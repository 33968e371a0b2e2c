"""Alice saves secrets; whatever can't be sent is refused beside its field and never repeated."""

import hashlib
import json
from typing import Any

import pytest

from audit.models import Event
from harriet.lib.ids import new_id
from harriet.lib.secret import Secret
from harriet.people.errors import NotAllowed
from harriet.people.models import OrganizationVersion
from tests.stage.cast import Cast
from tests.stage.credentials import TOKEN, save_token
from vault.actions.delete_credential import delete_credential
from vault.actions.save_credential import save_credential
from vault.actions.touch_used import touch_used
from vault.errors import CredentialNotFound, CredentialRefused
from vault.models import Credential, CredentialVersion
from vault.open import open_unsaved, opener_for
from vault.queries import credential_of, sealed_credentials

pytestmark = pytest.mark.django_db


def opened_headers(cast: Cast, credential: Credential) -> dict[str, str]:
    sealed = sealed_credentials(cast.acme.pk)[credential.connector_id]
    with opener_for(cast.acme.pk).credential(sealed) as opened:
        return dict(opened.headers)


def test_alice_saves_a_bearer_token(cast: Cast) -> None:
    credential = save_token(cast)
    assert opened_headers(cast, credential) == {"Authorization": f"Bearer {TOKEN}"}
    version = credential.versions.get()
    assert (version.number, version.is_current, version.saved_by) == (1, True, cast.alice)
    assert TOKEN.encode() not in bytes(version.sealed)
    assert credential.rotation_due_at is not None
    assert (credential.rotation_due_at - version.saved_at).days == 90


def test_saving_again_adds_a_version_and_keeps_the_number_going(cast: Cast) -> None:
    first = save_token(cast)
    second = save_token(cast, first.connector_id, secret="another-token")
    assert second.pk == first.pk
    assert list(second.versions.order_by("number").values_list("number", "is_current")) == [(1, False), (2, True)]
    assert opened_headers(cast, second) == {"Authorization": "Bearer another-token"}


def test_the_event_carries_the_digest_and_no_secret(cast: Cast) -> None:
    credential = save_token(cast)
    event = Event.objects.get(code="credential.saved")
    details = json.loads(event.body)["details"]
    assert details["digest"] == hashlib.sha256(bytes(credential.versions.get().sealed)).hexdigest()
    assert (details["version"], details["credential"]) == (1, str(credential.pk))
    assert TOKEN not in event.body


def test_saving_and_deleting_tell_the_gateway(cast: Cast) -> None:
    before = OrganizationVersion.objects.get(organization=cast.acme).number
    credential = save_token(cast)
    saved = OrganizationVersion.objects.get(organization=cast.acme).number
    assert delete_credential(credential.connector_id, actor=cast.actor(cast.alice))
    assert before < saved < OrganizationVersion.objects.get(organization=cast.acme).number
    assert not CredentialVersion.objects.exists()
    assert not delete_credential(credential.connector_id, actor=cast.actor(cast.alice))


@pytest.mark.parametrize("who", ["bob", "dana", "charlie"])
def test_others_may_not_save_or_delete(cast: Cast, who: str) -> None:
    credential = save_token(cast)
    other = cast.actor(getattr(cast, who))
    with pytest.raises(NotAllowed):
        save_token(cast, credential.connector_id, secret="mine-now", actor=other)
    with pytest.raises(NotAllowed):
        delete_credential(credential.connector_id, actor=other)
    assert opened_headers(cast, credential) == {"Authorization": f"Bearer {TOKEN}"}


def test_charlie_can_not_take_over_a_connector_of_acme(cast: Cast) -> None:
    credential = save_token(cast)
    with pytest.raises(CredentialNotFound):
        save_credential(
            cast.globex, credential.connector_id, "CRM", type="bearer", secret=Secret("mine-now"), placement={},
            owner=None, rotate_every_days=None, actor=cast.actor(cast.charlie),
        )  # fmt: skip
    assert opened_headers(cast, credential) == {"Authorization": f"Bearer {TOKEN}"}


PLACED: list[tuple[str, dict[str, str], str, dict[str, dict[str, str]]]] = [
    ("basic", {}, "harriet", {"headers": {"Authorization": "Basic aGFycmlldDpzZXNhbWU="}}),
    ("bearer", {"name": "X-Api-Key"}, "", {"headers": {"X-Api-Key": "sesame"}}),
    ("bearer", {"name": "X-Key", "template": "key={{secret}}"}, "", {"headers": {"X-Key": "key=sesame"}}),
    ("bearer", {"in": "query", "name": "api_key"}, "", {"query": {"api_key": "sesame"}}),
    ("bearer", {"in": "cookie", "name": "session"}, "", {"cookies": {"session": "sesame"}}),
    ("header", {"name": "X-Auth", "template": "key={{secret}}"}, "", {"headers": {"X-Auth": "key=sesame"}}),
]


@pytest.mark.parametrize(("type_", "placement", "username", "expected"), PLACED)
def test_the_secret_goes_where_it_was_told(
    cast: Cast, type_: str, placement: dict[str, str], username: str, expected: dict[str, dict[str, str]]
) -> None:
    credential = save_token(cast, type=type_, placement=placement, username=username, secret="sesame")
    sealed = sealed_credentials(cast.acme.pk)[credential.connector_id]
    with opener_for(cast.acme.pk).credential(sealed) as opened:
        assert opened.headers == expected.get("headers", {})
        assert opened.query == expected.get("query", {})
        assert opened.cookies == expected.get("cookies", {})
        assert opened.secrets[0].reveal() == "sesame"
    assert (opened.headers, opened.query, opened.cookies, opened.secrets) == ({}, {}, {}, ())


REFUSED: list[tuple[str, str, dict[str, Any]]] = [
    ("secret", "line break", {"secret": f"{TOKEN}\n"}),
    ("secret", "line break", {"secret": f"{TOKEN}\r\n"}),
    ("secret", "line break", {"secret": f"{TOKEN}\nX-Evil: 1"}),
    ("secret", "line break", {"secret": f"{TOKEN}\n", "type": "basic", "username": "harriet"}),
    ("secret", "can't be sent", {"secret": f"{TOKEN}\x00"}),
    ("secret", "can't be sent", {"secret": f"{TOKEN}\u200b"}),
    ("secret", "can't be sent", {"secret": f"“{TOKEN}”"}),
    ("secret", "can't be sent", {"secret": f"{TOKEN}\ud800"}),
    ("secret", "invisible", {"secret": f"{TOKEN}\u200b", "type": "basic", "username": "harriet"}),
    ("secret", "space", {"secret": f" {TOKEN}"}),
    ("secret", "Enter the secret", {"secret": ""}),
    ("secret", "at most", {"secret": TOKEN * 1000}),
    ("secret", "Leave out “Bearer”", {"secret": f"bearer {TOKEN}"}),
    ("secret", "cookie", {"secret": f"{TOKEN};", "placement": {"in": "cookie", "name": "session"}}),
    ("username", "Enter the user name", {"type": "basic"}),
    ("username", "colon", {"type": "basic", "username": "har:riet"}),
    ("username", "one line", {"type": "basic", "username": "har\nriet"}),
    ("username", "Only", {"username": "harriet"}),
    ("type", "Choose", {"type": "none"}),
    ("place", "goes into", {"placement": {"in": "body", "name": "key"}}),
    ("place", "goes into", {"type": "header", "placement": {"in": "query", "name": "key"}}),
    ("name", "Name", {"type": "header"}),
    ("name", "can't be the name", {"placement": {"name": "X Auth"}}),
    ("name", "can't be the name", {"placement": {"name": "X-Auth\r\nX-Evil"}}),
    ("name", "can't be the name", {"placement": {"in": "query", "name": "a&b"}}),
    ("template", "exactly once", {"placement": {"template": "Bearer"}}),
    ("template", "exactly once", {"placement": {"template": "{{secret}}{{secret}}"}}),
    ("template", "visible", {"placement": {"template": "{{secret}}\r\nX-Evil: 1"}}),
    ("template", "cookie", {"placement": {"in": "cookie", "name": "a", "template": "{{secret}}; b=1"}}),
    ("rotate_every_days", "number of days", {"rotate_every_days": 0}),
    *[
        ("name", "sets the header", {"placement": {"name": name}})
        for name in ["Host", "content-length", "Transfer-Encoding", "CONNECTION", "Cookie", "Mcp-Session-Id",
                     "X-Forwarded-For", "Proxy-Authorization", "Accept"]
    ],
]  # fmt: skip


@pytest.mark.parametrize(("field", "says", "changes"), REFUSED)
def test_what_can_not_be_sent_is_refused_beside_its_field(
    cast: Cast, field: str, says: str, changes: dict[str, Any]
) -> None:
    with pytest.raises(CredentialRefused) as refused:
        save_token(cast, **changes)
    assert refused.value.field == field
    assert says in refused.value.message
    assert TOKEN not in repr(refused.value)
    assert not Credential.objects.exists()
    assert not Event.objects.filter(code="credential.saved").exists()


def test_the_owner_must_belong_to_the_organization(cast: Cast) -> None:
    with pytest.raises(CredentialRefused) as refused:
        save_token(cast, owner=cast.charlie)
    assert refused.value.field == "owner"


def test_a_password_may_have_accents_and_colons(cast: Cast) -> None:
    credential = save_token(cast, type="basic", username="harriet", secret="schön:geheim")
    assert opened_headers(cast, credential) == {"Authorization": "Basic aGFycmlldDpzY2jDtm46Z2VoZWlt"}


def test_an_unsaved_secret_can_be_tried_under_the_same_rules() -> None:
    with open_unsaved("bearer", Secret(TOKEN), placement={}) as opened:
        assert opened.headers == {"Authorization": f"Bearer {TOKEN}"}
    with pytest.raises(CredentialRefused):
        open_unsaved("bearer", Secret(f"{TOKEN}\n"), placement={})


def test_use_is_noted_in_a_batch(cast: Cast) -> None:
    used, unused = save_token(cast), save_token(cast)
    touch_used([used.connector_id, used.connector_id, new_id()])
    found = credential_of(used.connector_id), credential_of(unused.connector_id)
    assert [bool(credential and credential.last_used_at) for credential in found] == [True, False]
