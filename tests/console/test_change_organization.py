"""The settings of the organization: an owner changes them, others read them."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import Event
from tests.stage.cast import Cast

pytestmark = pytest.mark.django_db
GIVEN = {
    "name": "Acme Works",
    "hold_seconds": "40",
    "internal_hosts": "crm.acme.test\n10.1.0.0/16\n",
    "new_clients": "allowed",
}


def test_an_owner_allows_internal_hosts(cast: Cast, client: Client) -> None:
    client.force_login(cast.alice)
    assert client.post(reverse("organization:detail"), GIVEN).status_code == 302
    cast.acme.refresh_from_db()
    assert (cast.acme.name, cast.acme.hold_seconds) == ("Acme Works", 40)
    assert cast.acme.internal_hosts == ["10.1.0.0/16", "crm.acme.test"]
    assert Event.objects.filter(organization_id=cast.acme.pk, code="organization.changed").exists()


def test_a_wrong_host_is_said_beside_the_field(cast: Cast, client: Client) -> None:
    client.force_login(cast.alice)
    answer = client.post(reverse("organization:detail"), {**GIVEN, "internal_hosts": "http://crm"})
    assert "is not a host name" in answer.content.decode()
    cast.acme.refresh_from_db()
    assert cast.acme.name == "Acme"


def test_an_approver_reads_but_does_not_change(cast: Cast, client: Client) -> None:
    client.force_login(cast.bob)
    assert "Only an owner" in client.get(reverse("organization:detail")).content.decode()
    assert client.post(reverse("organization:detail"), GIVEN).status_code == 403
