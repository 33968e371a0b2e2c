"""A connector of Acme whose people sign in at an authorization server of the tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from harriet.lib.egress import Reach
from harriet.people.models import User
from tests.servers.authorization_server import AuthorizationServer
from tests.stage.cast import Cast
from tests.stage.ways_back import came_back
from vault.actions.save_oauth_client import registered_client
from vault.models import Credential, OAuthClient, OAuthGrant
from vault.oauth.begin import begin
from vault.oauth.discovery import discover
from vault.oauth.finish import finish

HERE = Reach(True, ("127.0.0.1",), ("127.0.0.1",))


@dataclass
class SignIn:
    """How Acme signs in to one connector."""

    cast: Cast
    server: AuthorizationServer
    connector_id: UUID
    credential: Credential

    @property
    def client(self) -> OAuthClient:
        client = self.credential.oauth_client
        assert client is not None
        client.refresh_from_db()
        return client

    def begin(self, user: User, **more: Any) -> str:
        credential = Credential.objects.select_related("oauth_client__organization").get(pk=self.credential.pk)
        return begin(self.connector_id, credential, user, **more)

    def connect(self, user: User, **changed: str | None) -> OAuthGrant:
        """The whole way. What the browser brings back is as the server gives it, but for what is `changed`."""
        back = self.server.visit(self.begin(user), **changed)
        return finish(came_back(back), user)


def signing_in(cast: Cast, server: AuthorizationServer, **placement: str) -> SignIn:
    """Harriet found the server's issuer and has registered itself there."""
    cast.acme.internal_hosts = ["127.0.0.1"]
    cast.acme.save()
    found = discover(server.url, HERE)
    client = registered_client(cast.acme, found.metadata, name="CRM", allow_internal=True, actor=cast.actor(cast.alice))
    connector_id = uuid4()
    credential = Credential.objects.create(
        organization=cast.acme,
        connector_id=connector_id,
        name="CRM",
        type="oauth_user",
        placement={"resource": found.resource, "scopes": " ".join(found.scopes)} | placement,
        oauth_client=client,
    )
    return SignIn(cast, server, connector_id, credential)
