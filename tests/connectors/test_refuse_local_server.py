"""An IT admin's tick lets Harriet into the company's network, never to the machine that Harriet runs on."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from connectors.access.reach import reach_for, reach_of
from connectors.actions.add_sample import SLUG
from connectors.actions.draft_connector import draft_connector
from connectors.actions.save_connection import save_connection
from connectors.errors import ConnectorError
from connectors.models import Connector
from harriet.lib.egress import EgressRefused, check_url
from harriet.people.actions.change_organization import change_organization
from harriet.people.models import Organization
from tests.stage.cast import Cast


@pytest.fixture(autouse=True)
def without_consent(settings: Any) -> None:
    settings.ALLOWED_LOCAL_HOSTS = ()


def draft(cast: Cast) -> Connector:
    return draft_connector(cast.acme, slug="crm", name="CRM", description="", actor=cast.actor(cast.alice))


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:6379/",
        "http://localhost:9000/mcp",
        "http://[::1]:9000/mcp",
        "http://0.0.0.0:9000/mcp",
        "http://[::ffff:127.0.0.1]:9000/mcp",
        "http://169.254.169.254/latest",
        "http://[fd00:ec2::254]/latest",
    ],
)
def test_ticking_the_box_is_not_enough(cast: Cast, url: str) -> None:
    with pytest.raises(ConnectorError, match="HARRIET_ALLOWED_LOCAL_HOSTS") as refused:
        save_connection(draft(cast), url=url, allow_internal=True, actor=cast.actor(cast.alice))
    assert refused.value.field == "url"
    assert Organization.objects.get(pk=cast.acme.pk).internal_hosts == []


def test_nor_is_the_organizations_list(cast: Cast) -> None:
    """Not even an owner's, and not for a connector that was saved while it was allowed."""
    change_organization(
        cast.acme,
        name="Acme",
        hold_seconds=25,
        new_clients="allowed",
        internal_hosts=["0.0.0.0/0", "::/0", "127.0.0.1", "localhost"],
        actor=cast.actor(cast.alice),
    )
    connector = draft(cast)
    Connector.objects.filter(pk=connector.pk).update(url="http://127.0.0.1:9000/mcp", allow_internal=True)
    connector = Connector.objects.select_related("organization").get(pk=connector.pk)
    with pytest.raises(EgressRefused, match="HARRIET_ALLOWED_LOCAL_HOSTS"):
        check_url(connector.url, reach_of(connector, connector.organization))


def test_the_wizard_says_so_beside_the_address(cast: Cast) -> None:
    client, connector = Client(), draft(cast)
    client.force_login(cast.alice)
    given = {"url": "http://127.0.0.1:9000/mcp", "allow_internal": "on"}
    answer = client.post(reverse("connectors:setup_connection", args=[connector.pk]), given)
    assert answer.status_code == 400 and "Only whoever operates this installation" in answer.content.decode()


def test_with_consent_the_tick_counts_again(cast: Cast, settings: Any) -> None:
    settings.ALLOWED_LOCAL_HOSTS = ("127.0.0.1:9000",)
    connector = draft(cast)
    save_connection(connector, url="http://127.0.0.1:9000/mcp", allow_internal=True, actor=cast.actor(cast.alice))
    with pytest.raises(ConnectorError):
        save_connection(connector, url="http://127.0.0.1:9001/mcp", allow_internal=True, actor=cast.actor(cast.alice))


def test_the_sample_needs_no_consent_and_opens_nothing_beside_it(cast: Cast, settings: Any) -> None:
    connector = draft_connector(cast.acme, slug=SLUG, name="Sample", description="", actor=cast.actor(cast.alice))
    save_connection(connector, url=f"{settings.BASE_URL}/sample/mcp", allow_internal=True, actor=cast.actor(cast.alice))
    reach = reach_for(True, Organization.objects.get(pk=cast.acme.pk).internal_hosts)
    for path in ("/metrics", "/mcp/acme/work", "/settings/", "/sample/mcp/", "/sample/mcp/../../metrics"):
        with pytest.raises(EgressRefused):
            check_url(f"{settings.BASE_URL}{path}", reach)
