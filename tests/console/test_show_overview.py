"""The Overview: what is set up, what needs attention, who called what."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.template import Context, Template
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.chain.sealing import seal_everything
from connectors.models import Connector, Tool
from harriet.console import queries
from harriet.pages.counts import AtMost, at_most, several_of
from harriet.people.models import Notice, User
from harriet.people.roles import Role
from tests.stage.cast import Cast, person
from tests.stage.company import make_busy_company
from tests.stage.events import forge

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
    assert "a definition has changed and waits for your look, at Service desk." in page
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
    with django_assert_max_num_queries(16):
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


def page_of(client: Client, user: User) -> str:
    client.force_login(user)
    return client.get(reverse("console:overview")).content.decode()


def test_lists_end_with_how_many_more_there_are_and_where(cast: Cast, client: Client) -> None:
    make_busy_company(cast)
    down = {"state": "active", "health": "down", "health_reason": "No answer.", "health_changed_at": timezone.now()}
    old = timezone.now() - timedelta(days=60)
    many = [
        Connector(organization=cast.acme, slug=f"down-{n}", name=f"Down {n}", created_at=old, **down) for n in range(41)
    ]
    Connector.objects.bulk_create(many)
    page = page_of(client, cast.alice)
    list_url = reverse("connectors:list")
    assert f'<a href="{list_url}?show=attention">and 38 more connectors that don&#x27;t work</a>' in page
    assert page.count("No answer.") == 3, "with the two that didn't work before, five"
    assert f'href="{list_url}?show=unused">and ' in page
    assert client.get(f"{list_url}?show=unused").content.decode().count("Down ") >= 25


def test_changed_tools_are_named_a_few_of_many(cast: Cast, client: Client) -> None:
    connector = make_busy_company(cast).connectors[1]
    Tool.objects.filter(connector=connector).update(state=Tool.State.QUARANTINED)
    page = page_of(client, cast.alice)
    assert page.count("a definition has changed and waits for your look, at Service desk.") == 5
    assert "and 3 more changed definitions in quarantine" in page
    assert (
        reverse("connectors:tool", args=[connector.pk, Tool.objects.get(connector=connector, name="add_note").pk])
        in page
    )


def test_numbers_lead_to_what_they_count(cast: Cast, client: Client) -> None:
    make_busy_company(cast)
    page = page_of(client, cast.alice)
    today = queries.calls_per_day(cast.acme)[-1]
    assert f'<a href="{reverse("audit:list")}?since={today.date:%Y-%m-%d}">{today.total}</a>' in page
    assert f'<a href="{reverse("people:list")}?state=active">9</a>' in page
    assert f'<a href="{reverse("devices:list")}">8 devices</a> with access' in page


@pytest.mark.parametrize("role", [Role.APPROVER, Role.REVIEWER, Role.AUDITOR])
def test_nobody_sees_counts_of_what_they_may_not_open(cast: Cast, client: Client, role: Role) -> None:
    make_busy_company(cast)
    forge(cast.acme.pk)
    seal_everything()
    page = page_of(client, person(cast.acme, "Robin", role))
    assert ("3 calls wait for approval" in page) == (role == Role.APPROVER)
    for told in ("Calls today", "Calls per day", "Busiest tools", "Rows from elsewhere"):
        assert (told in page) == (role == Role.AUDITOR), told
    assert "Set up Harriet" not in page
    main = page.partition("<main")[2]
    for url in sorted(set(re.findall(r'href="(/[^"#]*)"', main))):
        assert client.get(unescape(url)).status_code == 200, url


def test_the_frame_counts_no_further_than_a_thousand(
    cast: Cast, client: Client, django_assert_max_num_queries: Any
) -> None:
    rows = [Notice(organization=cast.acme, user=cast.alice, text="A line", key=f"line {n}") for n in range(1003)]
    Notice.objects.bulk_create(rows)
    client.force_login(cast.alice)
    with django_assert_max_num_queries(4):
        page = client.get(reverse("help:general")).content.decode()
    assert "1,000+<span" in page
    Notice.objects.filter(key__gte="line 5").delete()
    assert at_most(Notice.objects.all(), 10_000) == AtMost(Notice.objects.count())


def test_a_bounded_number_says_that_it_is_one() -> None:
    assert [str(AtMost(0)), str(AtMost(1000)), str(AtMost(1000, is_more=True))] == ["0", "1,000", "1,000+"]
    assert str(AtMost(7) + AtMost(95, is_more=True)) == "102+"
    few, many = several_of(range(5)), several_of(range(101))
    assert (list(few), bool(few.more), str(few.total)) == ([0, 1, 2, 3, 4], False, "5")
    assert (len(many), str(many.more), str(many.total)) == (5, "95+", "100+")
    assert Template("{{ n }} row{{ n|pluralize }}").render(Context({"n": AtMost(1)})) == "1 row"
