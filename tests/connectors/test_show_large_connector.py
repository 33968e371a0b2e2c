"""A connector with a thousand tools: its pages ask the database little and stay small."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from connectors.actions.create_profile import create_profile
from connectors.actions.sync_connector import sync_connector
from connectors.models import Connector, Profile, Tool
from tests.servers.moody import Server, prompt, tool
from tests.stage.cast import Cast
from tests.stage.connectors import Connecting, open_to

MOST_QUERIES = 17
MOST_ABOUT_A_SHORT_LOG = 19
"""A page that its last month doesn't fill looks at the year and at all there is, too."""
MOST_BYTES = 85_000
"""Of the page itself; its style sheet and scripts come on top."""
TABS = ("detail", "access", "authentication", "activity", "settings", "delete", "ready")


@pytest.fixture
def large(cast: Cast, server: Server, connect: Connecting) -> Connector:
    server.tools = [tool(f"list_things_of_department_{number}") for number in range(1_000)]
    server.prompts, server.has_resources = [prompt("greet")], True
    connector = connect()
    run = sync_connector(connector, actor=cast.actor(cast.alice))
    assert run.is_success, run.error
    words = "Some words about what it does, as servers like to say. " * 20
    Tool.objects.filter(connector=connector).update(description=words)
    open_to(cast.sales, connector)
    return connector


def test_its_pages_take_few_queries_and_few_bytes(
    client: Client, cast: Cast, large: Connector, django_assert_max_num_queries: Any
) -> None:
    profile = create_profile(
        cast.acme, slug="work", name="Work", groups=[cast.sales], connectors=[large], actor=cast.actor(cast.alice)
    )
    client.force_login(cast.alice)
    for path in pages(cast, large, profile):
        most = MOST_ABOUT_A_SHORT_LOG if path.startswith(reverse("audit:list")) else MOST_QUERIES
        with django_assert_max_num_queries(most, info=path):
            answer = client.get(path)
        assert answer.status_code == 200 and len(answer.content) < MOST_BYTES, (path, len(answer.content))


def pages(cast: Cast, large: Connector, profile: Profile) -> list[str]:
    detail, preview = reverse("connectors:detail", args=[large.pk]), reverse("profiles:preview", args=[profile.pk])
    return [
        reverse("connectors:list"),
        *(reverse(f"connectors:{tab}", args=[large.pk]) for tab in TABS),
        f"{detail}?page=20",
        f"{detail}?q=words&risk=read_only&group=sales&kind=tool",
        *(reverse("connectors:tool", args=[large.pk, one.pk]) for one in large.tools.exclude(kind="tool")),
        reverse("connectors:tool", args=[large.pk, large.tools.filter(kind="tool")[0].pk]),
        reverse("profiles:list"),
        reverse("profiles:new"),
        f"{preview}?person={cast.dana.memberships.get().pk}",
        f"{reverse('audit:list')}?connector={large.pk}",
    ]


def test_single_tools_are_found_by_name(client: Client, cast: Cast, large: Connector) -> None:
    client.force_login(cast.alice)
    found = client.post(
        reverse("profiles:new"), {"name": "Work", "tools-q": "list_things_of_department_7", "find": "tools"}
    )
    page = found.content.decode()
    assert found.status_code == 200 and 'value="Work"' in page and "list_things_of_department_7<" in page
    tools = large.tools.filter(name__in=["list_things_of_department_7", "greet"]) | large.tools.filter(kind="resources")
    client.post(reverse("profiles:new"), {"name": "Work", "tools": [str(one.pk) for one in tools]})
    profile = Profile.objects.get()
    assert {str(one) for one in profile.tools.all()} == {"list_things_of_department_7", "greet (prompt)", "resources"}
    page = client.get(reverse("profiles:detail", args=[profile.pk])).content.decode()
    assert all(name in page for name in ("greet (prompt)", "list_things_of_department_7", "Resources"))
