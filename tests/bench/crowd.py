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
    from connectors.models import Connector, Tool, ToolVersion
    from tests.bench.upstream import definition
    from tests.stage.connectors import allow, new_connector, new_tool, new_version
    from tests.stage.credentials import SECRET, save_token

    connectors = [
        new_connector(office.cast.acme, url, slug=f"server{number}", name=f"Server {number}") for number in range(count)
    ]
    Connector.objects.bulk_create(connectors, 1000)
    tools = [new_tool(connector, f"echo_of_{connector.slug}") for connector in connectors]
    Tool.objects.bulk_create(tools, 1000)
    ToolVersion.objects.bulk_create([new_version(tool, definition(tool.name)) for tool in tools], 1000)
    allow(office.cast.sales, tools)
    office.work.connectors.add(*connectors)
    for connector in connectors[:CALLED_CONNECTORS]:
        save_token(office.cast, connector.id, secret=SECRET, name=connector.name)
    return [tool.name for tool in tools[:CALLED_CONNECTORS]]
