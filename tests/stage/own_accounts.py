"""A connector of Acme to which each person's calls go with an account of their own."""

from __future__ import annotations

from harriet.lib.secret import Secret
from harriet.people.actors import actor_of
from tests.servers.upstream import TOOLS
from tests.stage.cast import Cast
from tests.stage.connectors import connector, tools
from tests.stage.profiles import profile
from vault.actions.save_credential import save_credential
from vault.models import OAuthClient


class OwnAccounts:
    """Sales may use its tools, through the profile `work`; Dana and Bob are of Sales."""

    def __init__(
        self,
        cast: Cast,
        url: str,
        client: OAuthClient,
        *,
        era: str = "modern",
        scopes: str = "",
        slug: str = "crm",
        at: str = "work",
        type: str = "oauth_user",
    ) -> None:
        """`at`: the profile."""
        self.cast, self.client = cast, client
        self.connector = connector(cast.acme, url, era=era, slug=slug)
        self.tools = tools(self.connector, cast.sales, TOOLS)
        self.credential = save_credential(
            cast.acme,
            self.connector.pk,
            self.connector.name,
            type=type,
            secret=Secret(""),
            placement={"issuer": client.issuer, "resource": url, "scopes": scopes},
            owner=cast.alice,
            rotate_every_days=None,
            oauth_client=client,
            actor=actor_of(cast.alice),
        )
        bob = cast.bob.memberships.get(organization=cast.acme)
        bob.groups.add(cast.sales)
        self.work = profile(cast.acme, self.connector, groups=[cast.sales], slug=at)
