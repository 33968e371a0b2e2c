"""Two admins press the same button: the second changes nothing, and the log says it once."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Any

import pytest
from django.db import models

from audit.models import Event
from connectors.actions.add_limit import add_limit
from connectors.actions.delete_connector import delete_connector
from connectors.actions.delete_profile import delete_profile
from connectors.actions.discard_draft import discard_draft
from connectors.actions.remove_limit import remove_limit
from connectors.models import Connector
from harriet.people.actions.delete_group import delete_group
from harriet.people.actions.remove_person import remove_person
from harriet.people.models import Membership, OrganizationVersion
from tests.stage.cast import Cast
from tests.stage.connectors import connector
from tests.stage.profiles import profile


def a_limit(cast: Cast) -> models.Model:
    return add_limit(cast.acme, "person", None, per_day=5, actor=cast.actor(cast.alice))


def a_profile(cast: Cast) -> models.Model:
    return profile(cast.acme, groups=[cast.sales])


def a_connector(cast: Cast) -> models.Model:
    return connector(cast.acme, "http://127.0.0.1:9/mcp")


def a_draft(cast: Cast) -> models.Model:
    return connector(cast.acme, "http://127.0.0.1:9/mcp", state=Connector.State.DRAFT)


def a_group(cast: Cast) -> models.Model:
    return cast.sales


def a_person(cast: Cast) -> models.Model:
    return Membership.objects.select_related("organization", "user").get(user=cast.dana)


@pytest.mark.parametrize(
    ("made", "remove", "code"),
    [
        (a_limit, remove_limit, "limit.removed"),
        (a_profile, delete_profile, "profile.deleted"),
        (a_connector, delete_connector, "connector.deleted"),
        (a_draft, discard_draft, "connector.deleted"),
        (a_group, delete_group, "group.deleted"),
        (a_person, remove_person, "person.removed"),
    ],
)
def test_what_is_gone_is_not_removed_again(
    cast: Cast, made: Callable[[Cast], models.Model], remove: Callable[..., Any], code: str
) -> None:
    alice, seen = cast.actor(cast.alice), made(cast)
    both = [copy(seen), copy(seen)]
    remove(both[0], actor=alice)
    moved = OrganizationVersion.objects.get(organization=cast.acme).number
    remove(both[1], actor=alice)
    assert Event.objects.filter(code=code).count() == 1
    assert OrganizationVersion.objects.get(organization=cast.acme).number == moved
    assert not type(seen)._default_manager.filter(pk=seen.pk).exists()
