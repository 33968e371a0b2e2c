"""What an admin looks after: 40 connectors with 75 tools each, of which one runs; made in bulk."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from connectors.definitions.risk import propose_risk
from connectors.models import Connector, Tool, ToolVersion
from tests.servers.moody import Server, tool
from tests.stage.cast import Cast
from tests.stage.connectors import Connecting, new_connector, new_tool, new_version

CONNECTORS = 40
SECRET = "sk-mail-4eC39HqLyjWDarjtT1zdp7dc"
_DANGEROUS = ("delete_all", "purge_bin", "wipe_archive", "revoke_access")
_CHANGING = ("send_mail", "update_label", "move_thread", "add_filter", "share_folder", "archive_thread", "mark_read")
_CHANGING_TOO = ("create_label", "rename_label")
_READING = tuple(f"list_mail_of_department_{number:02}" for number in range(62))
NAMES = (*_DANGEROUS, *_CHANGING, *_CHANGING_TOO, *_READING)
"""75: 4 dangerous, 9 that change things, 62 read-only."""


def make_estate(cast: Cast, server: Server) -> Connector:
    """Gives the one whose server runs: Mail, with nothing enabled yet. Dana looks after Server 01."""
    server.tools, server.token = [tool(name) for name in NAMES], SECRET
    _others(cast)
    mail = Connecting(cast, server).synced("mail", secret=SECRET)
    Connector.objects.filter(slug="server-01").update(owner=cast.dana)
    return mail


def _others(cast: Cast) -> None:
    made = Connector.objects.bulk_create(_connector(cast, number) for number in range(1, CONNECTORS))
    tools = [_tool(of, name) for of in made for name in NAMES]
    Tool.objects.bulk_create(tools, 1000)
    ToolVersion.objects.bulk_create((new_version(one, _definition(one.name)) for one in tools), 1000)


def _connector(cast: Cast, number: int) -> Connector:
    health: dict[str, Any] = {}
    if number == 7:
        since = timezone.now() - timedelta(minutes=6)
        reason = "No answer from the server for 6 minutes."
        health = {"health": Connector.Health.DOWN, "health_reason": reason, "health_changed_at": since}
    name, url = f"Server {number:02}", f"https://server-{number:02}.acme.test/mcp"
    return new_connector(cast.acme, url, slug=f"server-{number:02}", name=name, owner=cast.alice, **health)


def _tool(of: Connector, name: str) -> Tool:
    risk, reason = propose_risk(_definition(name))
    is_enabled = risk == "read_only"
    return new_tool(
        of, name, description=f"The tool {name}.", risk_proposed=risk, risk_reason=reason, is_enabled=is_enabled
    )


def _definition(name: str) -> dict[str, Any]:
    return tool(name)
