"""Whoever operates the installation sees every organization in numbers, and nothing that one of them holds."""

from __future__ import annotations

import os
from unittest.mock import patch

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.actor import SYSTEM
from audit.models import INSTALLATION, Event
from harriet.console.records import overviews
from harriet.console.records.registry import all_records
from harriet.lib.records import INSTALLATION as OF_NOBODY
from harriet.people.actions.name_operator import name_operator
from harriet.people.errors import NotAllowed
from harriet.people.models import Membership, Organization, User
from harriet.people.roles import Role
from tests.console.records import list_url, row_url, rows_in
from tests.stage.cast import Cast
from tests.stage.every_row import make_everything

PAGE = "/settings/records/installation/"


@pytest.fixture
def operator(db: None) -> User:
    """As the machine's operator makes one."""
    with patch.dict(os.environ, {"DJANGO_SUPERUSER_PASSWORD": "a long enough password"}):
        call_command("createsuperuser", "--noinput", "--email", "Olga@installation.test", verbosity=0)
    return User.objects.get(email="olga@installation.test")


@pytest.fixture
def olga(operator: User, client: Client) -> Client:
    client.force_login(operator)
    return client


def test_an_operator_is_in_no_organization_and_stands_in_the_log(operator: User) -> None:
    assert operator.is_superuser
    assert operator.check_password("a long enough password")
    assert not Membership.objects.filter(user=operator).exists()
    told = Event.objects.get(organization_id=INSTALLATION, code="operator.named")
    assert told.sentence == "Harriet named olga@installation.test an operator of this installation."


def test_an_account_that_is_there_does_not_become_an_operator(cast: Cast) -> None:
    with (
        patch.dict(os.environ, {"DJANGO_SUPERUSER_PASSWORD": "a long enough password"}),
        pytest.raises(CommandError, match="already taken"),
    ):
        call_command("createsuperuser", "--noinput", "--email", cast.alice.email, verbosity=0)
    assert not User.objects.filter(is_superuser=True).exists()


def test_no_owner_names_an_operator(cast: Cast) -> None:
    with pytest.raises(NotAllowed, match="on the machine"):
        name_operator(cast.dana, actor=cast.actor(cast.alice))
    name_operator(cast.dana, actor=SYSTEM)
    assert User.objects.get(pk=cast.dana.pk).is_superuser


def test_an_operator_sees_counts_and_health_of_all(cast: Cast, olga: Client) -> None:
    make_everything(cast)
    assert olga.get("/").headers["Location"] == PAGE
    page = olga.get(PAGE).content.decode()
    for organization in (cast.acme, cast.globex):
        assert f"<bdi>{organization.name}</bdi>" in page
    assert '<td data-label="People">9</td>' in page
    assert "Late" not in page
    assert "Chain verified up to seal" in page
    for held in ("CRM", "dana@acme.test", "search_customers", "Nightly report", "Alice"):
        assert held not in page


def test_an_operator_reads_what_belongs_to_nobody_and_no_organization_s_rows(cast: Cast, olga: Client) -> None:
    make_everything(cast)
    index = olga.get(reverse("admin:records")).content.decode()
    for record in all_records():
        row = rows_in(record, cast.acme).first()
        assert row is not None
        expected = 200 if record.scope == OF_NOBODY else 404
        assert olga.get(list_url(record)).status_code == expected, record.model
        assert olga.get(row_url(record, row)).status_code == expected, record.model
        assert (list_url(record) in index) == (record.scope == OF_NOBODY)


def test_an_owner_sees_their_organization_alone(cast: Cast, client: Client) -> None:
    make_everything(cast)
    client.force_login(cast.alice)
    assert client.get(PAGE).status_code == 404
    for record in all_records():
        if record.scope == OF_NOBODY:
            assert client.get(list_url(record)).status_code == 404
            assert client.get(row_url(record, rows_in(record, cast.acme).first())).status_code == 404


def test_an_operator_with_a_role_has_that_role_and_no_more(cast: Cast, client: Client) -> None:
    name_operator(cast.dana, actor=SYSTEM)
    client.force_login(User.objects.get(pk=cast.dana.pk))
    assert client.get("/").headers["Location"] == reverse("me:home")
    assert client.get("/settings/people/").status_code == 403
    assert client.get("/settings/records/devices/").status_code == 404
    assert client.get(PAGE).status_code == 200


def test_an_operator_who_was_deactivated_sees_nothing(operator: User, olga: Client) -> None:
    User.objects.filter(pk=operator.pk).update(is_active=False)
    assert olga.get(PAGE).status_code == 302


def test_counts_end_at_a_bound_and_pages_at_a_cursor(cast: Cast, olga: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overviews, "MOST", 2)
    monkeypatch.setattr(overviews, "PAGE", 2)
    Organization.objects.create(slug="initech", name="Initech")
    first = olga.get(PAGE).content.decode()
    assert '<td data-label="People">2+</td>' in first
    assert "Initech" not in first
    second = olga.get(f"{PAGE}?after=globex").content.decode()
    assert "Initech" in second
    assert "Acme" not in second


def test_many_organizations_cost_no_more_queries(cast: Cast, olga: Client) -> None:
    with CaptureQueriesContext(
        connection,
    ) as few:
        olga.get(PAGE)
    Organization.objects.bulk_create(Organization(slug=f"company-{n}", name=f"Company {n}") for n in range(200))
    with CaptureQueriesContext(connection) as many:
        olga.get(PAGE)
    assert len(many) == len(few) <= 15


def test_a_worker_that_rests_and_a_redis_that_is_away_are_said(cast: Cast, olga: Client, settings: object) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"  # type: ignore[attr-defined]
    page = olga.get(PAGE).content.decode()
    assert "Late" in page
    assert "Redis does not answer" in page


def test_roles_are_as_they_were(cast: Cast, olga: Client) -> None:
    """Being an operator gives no power in an organization."""
    assert set(Membership.objects.filter(role=Role.OWNER).values_list("user__email", flat=True)) == {
        "alice@acme.test",
        "charlie@globex.test",
    }
