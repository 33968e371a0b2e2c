"""More rows of each list than a page holds: many alike, many with nothing in a column."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import timedelta

from django.utils import timezone

from connectors.models import Connector, Tool
from harriet.people.models import User
from tests.stage.cast import Cast
from tests.stage.connectors import new_connector, new_tool
from vault.models import Credential

MANY = 120


def connectors(cast: Cast) -> None:
    """Every state, some with tools, some with a credential, few of them called."""
    chance, now = random.Random(5), timezone.now()
    made = Connector.objects.bulk_create(_connectors(cast, chance))
    called = [None, None, now, now - timedelta(days=1)]
    Tool.objects.bulk_create(
        new_tool(one, f"tool_{number}", is_enabled=bool(number), last_called_at=chance.choice(called))
        for one in made[::2]
        for number in range(chance.randrange(3))
    )
    Credential.objects.bulk_create(
        Credential(
            organization=cast.acme,
            connector_id=one.pk,
            name=one.name,
            type="bearer",
            rotation_due_at=chance.choice([None, now, now + timedelta(days=3)]),
        )
        for one in made[::3]
    )


def _connectors(cast: Cast, chance: random.Random) -> Iterator[Connector]:
    owners: list[User | None] = [None, cast.alice, cast.bob]
    for number in range(MANY):
        yield new_connector(
            cast.acme,
            "https://acme.test/mcp",
            slug=f"connector-{number}",
            name=chance.choice(["CRM", "crm", "قاعدة", "Warehouse"]),
            state=chance.choice(Connector.State.values),
            health=chance.choice(Connector.Health.values),
            owner=chance.choice(owners),
        )


CROWDS: dict[str, tuple[str, Callable[[Cast], None]]] = {"connectors": ("connectors:list", connectors)}
"""By the key of its table: its page, and what makes the rows."""
