"""Many people with tokens and many connectors, made in bulk: what a call costs must not depend on their number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.stage.office import Office

CALLED_CONNECTORS = 100
"""As many of them are called, each with a credential of its own; the others are there."""


@dataclass(frozen=True, slots=True)
class Size:
    tools: int = 1000
    """Of the first connector."""
    people: int = 1
    connectors: int = 1


def add_people(office: Office, count: int) -> list[str]:
    """The tokens of so many people of Sales, one each."""
    from harriet.people.models import AccessToken, Device, Membership, User
    from harriet.people.tokens import new_token

    acme, later = office.cast.acme, datetime.now(UTC) + timedelta(days=30)
    users = [User(email=f"person{number}@acme.test", name=f"Person {number}") for number in range(count)]
    for user in users:
        user.set_unusable_password()
    User.objects.bulk_create(users, 1000)
    members = [Membership(organization=acme, user=user) for user in users]
    Membership.objects.bulk_create(members, 1000)
    through = Membership.groups.through
    through.objects.bulk_create([through(membership=one, group=office.cast.sales) for one in members], 1000)
    devices = [Device(organization=acme, user=user, name="laptop") for user in users]
    Device.objects.bulk_create(devices, 1000)
    made = [new_token("device") for _ in users]
    tokens = [
        AccessToken(
            organization=acme,
            kind=AccessToken.Kind.DEVICE,
            name="laptop",
            token_hash=token.hash,
            hint=token.hint,
            user=device.user,
            device=device,
            expires_at=later,
        )
        for device, token in zip(devices, made, strict=True)
    ]
    AccessToken.objects.bulk_create(tokens, 1000)
    return [token.secret.reveal() for token in made]


def add_connectors(office: Office, url: str, count: int) -> list[str]:
    """The names of the tools, one each, of those that are called."""
    from connectors.models import Connector, Tool, ToolPermission, ToolVersion
    from harriet.lib.json.canonical import digest
    from tests.bench.upstream import definition
    from tests.stage.office import secret_of

    acme = office.cast.acme
    common = {"url": url, "allow_internal": True, "state": Connector.State.ACTIVE, "health": Connector.Health.UP}
    connectors = [
        Connector(organization=acme, slug=f"server{number}", name=f"Server {number}", **common)
        for number in range(count)
    ]
    Connector.objects.bulk_create(connectors, 1000)
    tools = [
        Tool(organization=acme, connector=connector, name=f"echo_of_{connector.slug}", is_enabled=True)
        for connector in connectors
    ]
    Tool.objects.bulk_create(tools, 1000)
    definitions = [definition(tool.name) for tool in tools]
    ToolVersion.objects.bulk_create(
        [
            ToolVersion(tool=tool, digest=digest(one), definition=one, is_pinned=True)
            for tool, one in zip(tools, definitions, strict=True)
        ],
        1000,
    )
    ToolPermission.objects.bulk_create([ToolPermission(tool=tool, group=office.cast.sales) for tool in tools], 1000)
    office.work.connectors.add(*connectors)
    for connector in connectors[:CALLED_CONNECTORS]:
        secret_of(connector, office.cast.alice)
    return [tool.name for tool in tools[:CALLED_CONNECTORS]]
