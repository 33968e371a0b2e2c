"""A service account acts for Dana, once she has agreed, and as nobody else: its provider checks each assertion, and
taking the consent back holds at once."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from jwcrypto.common import JWException
from jwcrypto.jwk import JWK
from jwcrypto.jwt import JWT

from connectors.actions.draft_connector import draft_connector
from connectors.actions.save_authentication import save_authentication
from connectors.actions.save_connection import save_connection
from connectors.models import Connector
from harriet.lib.secret import Secret
from harriet.people.errors import NotAllowed
from harriet.people.models import Notice, User
from tests.servers.authorization_server import Asked, AuthorizationServer, Reply
from tests.stage.cast import Cast
from vault.actions.agree_to_delegation import agree_to_delegation
from vault.actions.end_grant import end_grant
from vault.errors import NeedsConsent, NeedsOperatorForOne
from vault.models import Credential, OAuthGrant
from vault.oauth.whose import access_for
from vault.open import opener_for
from vault.queries import credential_of, sealed_credential

pytestmark = pytest.mark.django_db
ACCOUNT = "harriet@acme.example"
LONGEST = 3600
"""Seconds that the provider takes an assertion for, as Google has it."""


class Directory:
    """A provider's token endpoint: `people` are those whom the account may act for, `whose` each token's person."""

    def __init__(self, server: AuthorizationServer) -> None:
        self.server, self.key = server, JWK.generate(kty="RSA", size=2048, kid="k1")
        self.url = f"{server.origin}/token"
        self.people: set[str] = set()
        self.whose: dict[str, str] = {}
        self.used: set[str] = set()
        self.faults: list[str] = []
        server.pages["/token"] = self.answer

    @property
    def file(self) -> Secret:
        pem = self.key.export_to_pem(private_key=True, password=None).decode()
        named = {"type": "service_account", "client_email": ACCOUNT, "private_key_id": "k1", "private_key": pem}
        return Secret(json.dumps({**named, "token_uri": self.url}))

    def answer(self, asked: Asked) -> Reply:
        try:
            claims = self.checked(asked)
        except (AssertionError, JWException, KeyError) as fault:
            self.faults.append(repr(fault))
            return Reply(400, {"error": "invalid_grant"})
        token = f"at-{len(self.whose)}"
        self.whose[token] = claims["sub"]
        return Reply(body={"access_token": token, "token_type": "Bearer", "expires_in": 3600})

    def checked(self, asked: Asked) -> dict[str, Any]:
        assert asked.fields["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
        assert asked.fields.keys() == {"grant_type", "assertion"}
        public = JWK.from_json(self.key.export_public())
        token = JWT(jwt=asked.fields["assertion"], key=public, algs=["RS256"])
        claims: dict[str, Any] = json.loads(token.claims)
        now = time.time()
        assert claims["iss"] == ACCOUNT and claims["aud"] == self.url and claims["scope"] == "mail.read"
        assert claims["sub"] in self.people, claims["sub"]
        assert claims["iat"] <= now < claims["exp"] <= claims["iat"] + LONGEST
        assert claims["jti"] not in self.used
        self.used.add(claims["jti"])
        return claims


@pytest.fixture
def directory(cast: Cast) -> Iterator[Directory]:
    with AuthorizationServer() as running:
        found = Directory(running)
        found.people = {cast.dana.email, cast.bob.email}
        yield found


@pytest.fixture
def mail(cast: Cast, directory: Directory) -> Connector:
    cast.acme.internal_hosts = ["127.0.0.1"]
    cast.acme.save()
    User.objects.update(is_proven=True)
    cast.dana.refresh_from_db()
    cast.bob.refresh_from_db()
    alice = cast.actor(cast.alice)
    draft = draft_connector(cast.acme, slug="mail", name="Mail", actor=alice)
    mail = save_connection(draft, url=directory.server.url, allow_internal=True, actor=alice)
    placement = {"scopes": "mail.read", "subject": "person"}
    return save_authentication(mail, type="service_account", secret=directory.file, placement=placement, actor=alice)


def agree(cast: Cast, mail: Connector, user: User) -> OAuthGrant:
    credential = Credential.objects.select_related("oauth_client__organization").get(connector_id=mail.pk)
    return agree_to_delegation(credential, user, actor=cast.actor(user))


def whose(mail: Connector, directory: Directory, user: User | None) -> str:
    """Who a call of this person is made as, at the provider."""
    sealed = sealed_credential(mail.organization_id, mail.pk)
    assert sealed is not None
    token = access_for(sealed, user.pk if user else None).opened(opener_for(mail.organization_id))
    return directory.whose[token.reveal()]


def test_it_acts_for_each_person_who_agreed(cast: Cast, mail: Connector, directory: Directory) -> None:
    for person in (cast.dana, cast.bob, None):
        with pytest.raises(NeedsConsent):
            whose(mail, directory, person)
    assert not directory.server.at("/token"), "before anybody agreed nothing is asked for"
    agree(cast, mail, cast.dana)
    assert whose(mail, directory, cast.dana) == cast.dana.email
    with pytest.raises(NeedsConsent):
        whose(mail, directory, cast.bob)
    agree(cast, mail, cast.bob)
    for _ in range(3):
        assert whose(mail, directory, cast.bob) == cast.bob.email
        assert whose(mail, directory, cast.dana) == cast.dana.email
    assert len(directory.server.at("/token")) == 2 and not directory.faults


def test_nobody_agrees_for_somebody_else(cast: Cast, mail: Connector, directory: Directory) -> None:
    credential = credential_of(mail.pk)
    assert credential is not None
    for other in (cast.alice, cast.bob, cast.charlie):
        with pytest.raises(NotAllowed):
            agree_to_delegation(credential, cast.dana, actor=cast.actor(other))
    assert not OAuthGrant.objects.exists()


def test_taking_it_back_holds_at_once(cast: Cast, mail: Connector, directory: Directory) -> None:
    grant = agree(cast, mail, cast.dana)
    assert whose(mail, directory, cast.dana) == cast.dana.email
    end_grant(grant, actor=cast.actor(cast.dana))
    asked = len(directory.server.at("/token"))
    with pytest.raises(NeedsConsent):
        whose(mail, directory, cast.dana)
    grant.refresh_from_db()
    assert grant.sealed_access is None and len(directory.server.at("/token")) == asked


def test_whom_the_provider_does_not_let_it_act_for_is_an_admins_matter(
    cast: Cast, mail: Connector, directory: Directory
) -> None:
    """No consent of hers would mend it, and Bob's calls go on."""
    directory.people = {cast.bob.email}
    agree(cast, mail, cast.bob)
    grant = agree(cast, mail, cast.dana)
    for _ in range(2):
        with pytest.raises(NeedsOperatorForOne):
            whose(mail, directory, cast.dana)
    grant.refresh_from_db()
    assert grant.state == OAuthGrant.State.ACTIVE and len(directory.server.at("/token")) == 1
    notice = Notice.objects.get(user=cast.alice)
    assert cast.dana.email in notice.text and "invalid_grant" in notice.text
    assert not Notice.objects.filter(user=cast.dana).exists()
    assert whose(mail, directory, cast.bob) == cast.bob.email


def test_another_key_is_refused(cast: Cast, mail: Connector, directory: Directory) -> None:
    agree(cast, mail, cast.dana)
    directory.key = JWK.generate(kty="RSA", size=2048, kid="k1")
    with pytest.raises(NeedsOperatorForOne):
        whose(mail, directory, cast.dana)
    assert directory.faults and not directory.whose
