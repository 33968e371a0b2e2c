"""Search: by name, within the organization."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from tests.stage.cast import Cast
from tests.stage.company import make_busy_company

pytestmark = pytest.mark.django_db


def test_it_finds_people_connectors_tools_and_tickets(cast: Cast, client: Client) -> None:
    make_busy_company(cast)
    client.force_login(cast.alice)
    for text, found in (("dana", "dana@acme.test"), ("crm", "CRM"), ("send_m", "send_mail"), ("#2", "#2 ")):
        assert found in client.get(reverse("console:search"), {"q": text}).content.decode()


def test_it_finds_nothing_of_others(cast: Cast, client: Client) -> None:
    make_busy_company(cast)
    client.force_login(cast.charlie)
    for text in ("dana", "crm", "send", "2"):
        assert "Nothing found" in client.get(reverse("console:search"), {"q": text}).content.decode()
