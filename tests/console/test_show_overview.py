"""The Overview: what is set up, what needs attention, who called what."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from connectors.models import Connector
from harriet.console import queries
from tests.stage.cast import Cast
from tests.stage.company import make_busy_company

pytestmark = pytest.mark.django_db


def test_a_new_organization_is_told_the_next_step(cast: Cast, client: Client) -> None:
    client.force_login(cast.alice)
    page = client.get(reverse("console:overview")).content.decode()
    assert "2 of 7 done" in page  # a group and colleagues are there
    assert "Connect a server" in page
    assert "No calls in the last two weeks" in page


def test_what_needs_attention_is_said_with_its_link(cast: Cast, client: Client) -> None:
    connectors = make_busy_company(cast).connectors
    client.force_login(cast.alice)
    page = client.get(reverse("console:overview")).content.decode()
    assert "No answer from the server for 4 minutes." in page
    assert "3 calls wait for approval" in page
    assert "a definition has changed and waits" in page
    assert "Rotation overdue" in page
    assert reverse("connectors:detail", args=[connectors[2].pk]) in page


def test_calls_are_counted_by_outcome(cast: Cast) -> None:
    make_busy_company(cast)
    days = queries.calls_per_day(cast.acme)
    assert len(days) == queries.SHOWN_DAYS
    assert sum(day.succeeded for day in days) > sum(day.failed for day in days) > 0
    assert sum(day.refused for day in days) > 0
    assert not any(day.total for day in queries.calls_per_day(cast.globex))


def test_unused_connectors_stand_by_name(cast: Cast) -> None:
    for connector in reversed(make_busy_company(cast).connectors):
        connector.save()  # moves its row to the end of the table
    names = [connector.name for connector in queries.unused_connectors(cast.acme)]
    assert names == list(Connector.objects.filter(name__in=names).order_by("name").values_list("name", flat=True))
    assert len(names) > 1


def test_the_number_of_queries_does_not_grow_with_the_rows(
    cast: Cast, client: Client, django_assert_max_num_queries: Any
) -> None:
    make_busy_company(cast)
    client.force_login(cast.alice)
    with django_assert_max_num_queries(25):
        client.get(reverse("console:overview"))


def test_a_member_has_no_overview(cast: Cast, client: Client) -> None:
    client.force_login(cast.dana)
    assert client.get(reverse("console:overview")).status_code == 403
    assert client.get(reverse("home"))["Location"] == reverse("me:home")


def test_the_rail_shows_what_the_role_can_use(cast: Cast, client: Client) -> None:
    client.force_login(cast.bob)
    page = client.get(reverse("console:overview")).content.decode()
    assert reverse("tickets:list") in page
    assert reverse("audit:list") not in page


def test_a_members_rail_has_their_own_pages_alone(cast: Cast, client: Client) -> None:
    client.force_login(cast.dana)
    page = client.get(reverse("me:home")).content.decode()
    assert "/settings/people/" not in page
    assert reverse("me:home") in page
