"""Connectors and their tools: as rows, for stories that begin after the set-up, or connected by Alice step by step."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from audit.actor import SYSTEM
from connectors.actions.activate_connector import activate_connector
from connectors.actions.approve_review import approve_review
from connectors.actions.draft_connector import draft_connector
from connectors.actions.save_authentication import save_authentication
from connectors.actions.save_connection import save_connection
from connectors.actions.sync_connector import sync_connector
from connectors.actions.tell_reviewers import path_of
from connectors.models import Connector, Review, Risk, Tool, ToolPermission, ToolVersion
from harriet.lib.json.canonical import digest
from harriet.lib.secret import Secret
from harriet.people.models import Group, Notice, Organization
from tests.servers.upstream import TOOLS
from tests.stage.cast import Cast

if TYPE_CHECKING:
    from tests.servers.moody import Server

Definition = dict[str, Any]
"""As a server gives it: name, description, inputSchema …"""


def new_connector(organization: Organization, url: str, *, slug: str = "crm", name: str = "", **more: Any) -> Connector:
    """An active one that answers. Not saved, so that many can be at once; its host is not allowed yet."""
    found = {"state": Connector.State.ACTIVE, "health": Connector.Health.UP, "allow_internal": True} | more
    return Connector(organization=organization, slug=slug, name=name or slug.upper(), url=url, **found)


def connector(organization: Organization, url: str, **more: Any) -> Connector:
    """An active one, to a server on this machine, where the organization's connectors may go."""
    made = new_connector(organization, url, **more)
    made.save()
    organization.internal_hosts = [*organization.internal_hosts, "127.0.0.1"]
    organization.save()
    return made


def new_tool(of: Connector, name: str, **more: Any) -> Tool:
    """One that is enabled, and runs unless a story says otherwise: what it is about is seldom the gate. Not saved."""
    usual = {"is_enabled": True, "risk_proposed": Risk.READ_ONLY}
    return Tool(organization=of.organization, connector=of, name=name, **usual | more)


def new_version(of: Tool, definition: Definition, **state: bool) -> ToolVersion:
    """What calls go by, unless `state` says something else of it. Not saved."""
    return ToolVersion(tool=of, digest=digest(definition), definition=definition, **state or {"is_pinned": True})


def tool(of: Connector, definition: Definition, group: Group | None = None, **more: Any) -> Tool:
    """One with its definition pinned; the group may call it."""
    made = new_tool(of, definition["name"], **more)
    made.save()
    new_version(made, definition).save()
    if group is not None:
        ToolPermission.objects.create(tool=made, group=group)
    return made


def tools(of: Connector, group: Group | None, definitions: list[Definition] = TOOLS, **more: Any) -> dict[str, Tool]:
    """By their names."""
    return {definition["name"]: tool(of, definition, group, **more) for definition in definitions}


def allow(group: Group, tools: Iterable[Tool]) -> None:
    """The group may call them."""
    ToolPermission.objects.bulk_create([ToolPermission(tool=tool, group=group) for tool in tools], 1000)


def open_to(group: Group, of: Connector, **more: Any) -> None:
    """Everything that a sync found is enabled, and the group may call it."""
    found = Tool.objects.filter(connector=of)
    allow(group, found)
    found.update(is_enabled=True, **more)


def proposed_of(tool: Tool) -> ToolVersion | None:
    """The definition that waits for an admin's decision."""
    return tool.versions.filter(is_proposed=True).select_related("refused_by").first()


def approved(connector: Connector) -> Connector:
    """Whoever operates the machine approves it, and nobody hears of it: for stories that are about something else."""
    waiting = Review.objects.get(connector=connector, state=Review.State.WAITING)
    approve_review(waiting, seen=None, actor=SYSTEM)
    Notice.objects.filter(path=path_of(waiting)).delete()
    connector.refresh_from_db(fields=["review"])
    return connector


@dataclass
class Connecting:
    """Alice, who connects a running server by the actions behind the wizard."""

    cast: Cast
    server: Server

    def __call__(self, slug: str = "crm", *, secret: str = "", url: str = "", **more: Any) -> Connector:
        """An active connector of Acme to the running server."""
        alice = self.cast.actor(self.cast.alice)
        connector = draft_connector(self.cast.acme, slug=slug, name=slug.upper(), actor=alice, **more)
        save_connection(connector, url=url or self.server.url, allow_internal=True, actor=alice)
        kind = {"type": "bearer", "secret": Secret(secret)} if secret else {"type": "none"}
        save_authentication(connector, **kind, actor=alice)
        return approved(activate_connector(connector, actor=alice))

    def synced(self, slug: str = "crm", **more: Any) -> Connector:
        connector = self(slug, **more)
        assert sync_connector(connector, actor=self.cast.actor(self.cast.alice)).is_success
        return connector
