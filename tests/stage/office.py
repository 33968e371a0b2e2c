"""Acme's connectors, profile and tokens, as the gateway's stories need them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction

from connectors.actions.set_argument_checks import set_argument_checks
from connectors.models import Connector, Profile, Tool, ToolPermission, ToolVersion
from harriet.lib.json.canonical import digest
from harriet.lib.secret import Secret
from harriet.people.actions.issue_device_credential import issue_device_credential
from harriet.people.actions.issue_integration_key import issue_integration_key
from harriet.people.actions.register_device import register_device
from harriet.people.actors import actor_of
from harriet.people.models import Group, Organization, User
from harriet.people.version import move_version
from tests.servers.upstream import TOOLS
from tests.stage.cast import Cast
from vault.actions.save_credential import save_credential

SECRET = "org-secret-5f1d/a+b=c"


def connector(organization: Organization, url: str, *, slug: str = "crm", era: str = "", **more: Any) -> Connector:
    made: Connector = Connector.objects.create(
        organization=organization,
        slug=slug,
        name=slug.upper(),
        url=url,
        allow_internal=True,
        state=Connector.State.ACTIVE,
        era=era,
        health=Connector.Health.UP,
        **more,
    )
    organization.internal_hosts = [*organization.internal_hosts, "127.0.0.1"]
    organization.save()
    return made


def tools(
    of: Connector, group: Group | None, definitions: list[dict[str, Any]] = TOOLS, **more: Any
) -> dict[str, Tool]:
    made = {}
    for definition in definitions:
        tool = Tool.objects.create(
            organization=of.organization, connector=of, name=definition["name"], is_enabled=True, **more
        )
        ToolVersion.objects.create(tool=tool, digest=digest(definition), definition=definition, is_pinned=True)
        if group is not None:
            ToolPermission.objects.create(tool=tool, group=group)
        made[tool.name] = tool
    return made


def profile(organization: Organization, *connectors: Connector, groups: list[Group], slug: str = "work") -> Profile:
    made: Profile = Profile.objects.create(organization=organization, slug=slug, name=slug.title())
    made.connectors.add(*connectors)
    made.groups.add(*groups)
    move_version(organization.id)
    return made


def secret_of(of: Connector, owner: User) -> None:
    with transaction.atomic():
        save_credential(
            of.organization,
            of.id,
            of.name,
            type="bearer",
            secret=Secret(SECRET),
            placement={"in": "header", "name": "Authorization", "template": "Bearer {{secret}}"},
            owner=owner,
            rotate_every_days=None,
            actor=actor_of(owner),
        )


def device_token(organization: Organization, user: User, name: str = "laptop") -> str:
    device = register_device(organization, user, name, actor=actor_of(user))
    _, secret = issue_device_credential(device, name=name, expires_in_days=30, actor=actor_of(user))
    return secret.reveal()


def shared_key(organization: Organization, groups: list[Group], owner: User) -> str:
    _, secret = issue_integration_key(
        organization, name="robot", groups=groups, expires_in_days=30, actor=actor_of(owner)
    )
    return secret.reveal()


class Office:
    """Acme with one connector, and Dana of Sales with a laptop that may use it."""

    def __init__(self, cast: Cast, url: str, *, era: str = "", definitions: list[dict[str, Any]] = TOOLS) -> None:
        self.cast = cast
        self.crm = connector(cast.acme, url, era=era)
        self.tools = tools(self.crm, cast.sales, definitions)
        secret_of(self.crm, cast.alice)
        self.work = profile(cast.acme, self.crm, groups=[cast.sales])
        self.token = device_token(cast.acme, cast.dana)

    def changed(self) -> None:
        move_version(self.cast.acme.id)

    def checks_arguments(self) -> None:
        """The connector's admin wants calls checked before they leave."""
        set_argument_checks(self.crm, checks_arguments=True, actor=actor_of(self.cast.alice))

    def tool_id(self, name: str) -> UUID:
        return self.tools[name].id
