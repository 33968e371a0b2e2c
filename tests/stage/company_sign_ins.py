"""A connector of Acme to which each person's company sign-in is exchanged, and people who are signed in by it."""

from __future__ import annotations

from datetime import timedelta
from threading import Thread

from django.db import connection
from django.utils import timezone

from audit.actor import SYSTEM
from connectors.access.facts import ConnectorRow
from connectors.actions.save_authentication import save_authentication
from harriet.lib.secret import Secret
from harriet.people.models import Membership, User
from harriet.signin.actions.keep_subject import Said, keep_subject
from harriet.signin.claims import Claims
from harriet.signin.models import IdentityProvider, SubjectToken
from harriet.signin.sso_sealing import seal_secret, seal_token
from tests.servers.exchanging import REGISTERED, SSO, Exchanging
from tests.stage.cast import Cast
from tests.stage.connectors import connector, tools
from tests.stage.profiles import profile
from vault.actions.save_credential import save_credential
from vault.models import Credential, OAuthClient
from vault.oauth.whose import access_for
from vault.queries import sealed_credential
from vault.stored import SealedCredential

IN_ONE_STEP, IN_TWO_STEPS = "token_exchange", "id_jag"


def company_provider(cast: Cast, server: Exchanging, *, name: str = "Acme account") -> IdentityProvider:
    """By which Acme's people sign in."""
    made = IdentityProvider(
        organization=cast.acme,
        kind="oidc",
        name=name,
        is_active=True,
        issuer=server.idp,
        client_id=SSO[0],
        endpoints={"token_endpoint": f"{server.idp}/token", "revocation_endpoint": f"{server.idp}/revoke"},
    )
    made.sealed_secret = seal_secret(SSO[1], made.pk)
    made.save()
    return made


def sign_in_kept(cast: Cast, token_endpoint: str, word: str) -> SubjectToken:
    """Dana's, by a provider whose token endpoint is there."""
    made = IdentityProvider(organization=cast.acme, kind="oidc", name="Acme account", is_active=True, client_id=SSO[0])
    made.endpoints, made.sealed_secret = {"token_endpoint": token_endpoint}, seal_secret(SSO[1], made.pk)
    made.save()
    membership = Membership.objects.get(user=cast.dana, organization=cast.acme)
    until = timezone.now() + timedelta(hours=1)
    return SubjectToken.objects.create(
        membership=membership, provider=made, sealed=seal_token(word, membership.pk), expires_at=until
    )


def exchanging_credential(cast: Cast, row: ConnectorRow, client: OAuthClient, steps: str) -> SealedCredential:
    """Of the connector: sign-ins are exchanged at the client's issuer."""
    placement = {"steps": steps, "issuer": client.issuer, "client_id": client.client_id, "scopes": "read write"}
    save_credential(
        *(cast.acme, row.id, row.name),
        type="token_exchange",
        secret=Secret(""),
        placement=placement | {"resource": row.url},
        owner=None,
        rotate_every_days=None,
        oauth_client=client,
        actor=cast.actor(cast.alice),
    )
    found = sealed_credential(cast.acme.pk, row.id)
    assert found is not None
    return found


class CompanySignIns:
    """Sales may use its tools; Dana and Bob are of Sales."""

    def __init__(self, cast: Cast, server: Exchanging, steps: str = IN_ONE_STEP, **more: str) -> None:
        self.cast, self.server, self.provider = cast, server, company_provider(cast, server)
        self.connector = connector(cast.acme, server.url, era="legacy")
        definitions = [{"name": "send_mail", "inputSchema": {"type": "object"}}]
        self.tools = tools(self.connector, cast.sales, definitions)
        cast.bob.memberships.get(organization=cast.acme).groups.add(cast.sales)
        self.work = profile(cast.acme, self.connector, groups=[cast.sales])
        self.save(steps, **more)

    def save(self, steps: str, **more: str) -> None:
        placement = {"steps": steps, "issuer": self.server.issuer, "client_id": REGISTERED[0], "scopes": "tickets.read"}
        save_authentication(
            self.connector,
            type="token_exchange",
            secret=Secret(REGISTERED[1]),
            placement=placement | more,
            actor=self.cast.actor(self.cast.alice),
        )

    @property
    def credential(self) -> Credential:
        return Credential.objects.select_related("oauth_client").get(connector_id=self.connector.pk)

    @property
    def sealed(self) -> SealedCredential:
        found = sealed_credential(self.cast.acme.pk, self.connector.pk)
        assert found is not None
        return found

    def asked_at_once(self, user: User, times: int) -> list[int]:
        """The generation of the token that each of so many calls goes with."""
        sealed, found = self.sealed, list[int]()

        def ask() -> None:
            found.append(access_for(sealed, user.pk).generation)
            connection.close()

        threads = [Thread(target=ask) for _ in range(times)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return found

    def sign_in(self, user: User, *, minutes: int = 60) -> SubjectToken:
        """What a sign-in keeps."""
        membership = Membership.objects.get(user=user, organization=self.cast.acme)
        sealed = seal_token(self.server.sign_in(user.email), membership.pk)
        now = timezone.now()
        kept = {"provider": self.provider, "sealed": sealed, "expires_at": now + timedelta(minutes=minutes)}
        return SubjectToken.objects.update_or_create(membership=membership, defaults=kept | {"kept_at": now})[0]

    def sign_in_for_long(self, user: User, *, sid: str = "") -> SubjectToken:
        """The same by a provider that gave what renews it, because an owner wants that."""
        IdentityProvider.objects.filter(pk=self.provider.pk).update(renews_sign_ins=True)
        self.provider.refresh_from_db()
        membership = Membership.objects.select_related("user").get(user=user, organization=self.cast.acme)
        said = Said(
            Claims(user.email, email=user.email, sid=sid),
            self.server.sign_in(user.email),
            timezone.now().timestamp() + 3600,
            self.server.renewable(user.email),
        )
        keep_subject(self.provider, membership, said, actor=SYSTEM)
        return SubjectToken.objects.get(membership=membership)
