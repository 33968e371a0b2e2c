"""Connectors of Acme, as Alice sets them up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from connectors.actions.activate_connector import activate_connector
from connectors.actions.draft_connector import draft_connector
from connectors.actions.save_authentication import save_authentication
from connectors.actions.save_connection import save_connection
from connectors.actions.sync_connector import sync_connector
from connectors.models import Connector, Tool, ToolVersion
from harriet.lib.secret import Secret
from tests.servers.moody import Server
from tests.stage.cast import Cast


@dataclass
class ConnectorMaker:
    cast: Cast
    server: Server

    def __call__(self, slug: str = "crm", *, secret: str = "", url: str = "", **more: Any) -> Connector:
        """An active connector of Acme, by Alice, to the running server."""
        alice = self.cast.actor(self.cast.alice)
        connector = draft_connector(self.cast.acme, slug=slug, name=slug.upper(), actor=alice, **more)
        save_connection(connector, url=url or self.server.url, allow_internal=True, actor=alice)
        kind = {"type": "bearer", "secret": Secret(secret)} if secret else {"type": "none"}
        save_authentication(connector, **kind, actor=alice)  # type: ignore[arg-type]
        return activate_connector(connector, actor=alice)

    def synced(self, slug: str = "crm", **more: Any) -> Connector:
        connector = self(slug, **more)
        assert sync_connector(connector, actor=self.cast.actor(self.cast.alice)).is_success
        return connector


def proposed_of(tool: Tool) -> ToolVersion | None:
    """The definition that waits for an admin's decision."""
    return tool.versions.filter(is_proposed=True).select_related("refused_by").first()
