"""A connector of Acme to which each person's company sign-in is exchanged, and people who are signed in by it."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from connectors.actions.save_authentication import save_authentication
from harriet.lib.secret import Secret
from harriet.people.models import Membership, User
from harriet.signin.models import IdentityProvider, SubjectToken
from harriet.signin.sso_sealing import seal_secret, seal_token
from tests.servers.exchanging import REGISTERED, SSO, Exchanging
from tests.stage.cast import Cast
from tests.stage.connectors import connector, tools
from tests.stage.profiles import profile
from vault.models import Credential
from vault.queries import sealed_credential
from vault.stored import SealedCredential

IN_ONE_STEP, IN_TWO_STEPS = "token_exchange", "id_jag"


def company_provider(cast: Cast, server: Exchanging) -> IdentityProvider:
    """By which Acme's people sign in."""
    made = IdentityProvider(
        organization=cast.acme,
        kind="oidc",
        name="Acme account",
        is_active=True,
        issuer=server.idp,
        client_id=SSO[0],
        endpoints={"token_endpoint": f"{server.idp}/token"},
    )
    made.sealed_secret = seal_secret(SSO[1], made.pk)
    made.save()
    return made


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

    def sign_in(self, user: User, *, minutes: int = 60) -> SubjectToken:
        """What a sign-in keeps."""
        membership = Membership.objects.get(user=user, organization=self.cast.acme)
        sealed = seal_token(self.server.sign_in(user.email), membership.pk)
        now = timezone.now()
        kept = {"provider": self.provider, "sealed": sealed, "expires_at": now + timedelta(minutes=minutes)}
        return SubjectToken.objects.update_or_create(membership=membership, defaults=kept | {"kept_at": now})[0]
