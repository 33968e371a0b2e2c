"""Each person sees a table with the columns they chose, and nobody else does."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from harriet.people.models import TablePreference
from tests.stage.cast import Cast
from tests.stage.connectors import connector

LIST = "/settings/integrations/"


def heads(client: Client) -> list[str]:
    head = client.get(LIST).content.decode().partition("<thead>")[2].partition("</thead>")[0]
    return [label for label in ("Name", "State", "Owner", "Last call", "Address") if f">{label}<" in head]


def choose(client: Client, **sent: object) -> str:
    given = {"offered": ["tools", "owner", "called", "address"], "back": f"{LIST}?sort=-name"} | sent
    answer = client.post(reverse("people:table", args=["connectors"]), given)
    assert answer.status_code == 302
    return str(answer["Location"])


@pytest.fixture(autouse=True)
def crm(cast: Cast) -> None:
    connector(cast.acme, "http://127.0.0.1:1/mcp")


def test_alice_chooses_columns_and_bob_sees_his_own(client: Client, cast: Cast) -> None:
    client.force_login(cast.alice)
    assert heads(client) == ["Name", "State", "Owner", "Last call"]
    assert choose(client, shown=["tools", "called", "address"], is_dense="1") == f"{LIST}?sort=-name"
    assert heads(client) == ["Name", "State", "Last call", "Address"]
    assert 'class="data dense"' in client.get(LIST).content.decode()
    bob = Client()
    bob.force_login(cast.bob)
    assert heads(bob) == ["Name", "State", "Owner", "Last call"]
    assert 'class="data dense"' not in bob.get(LIST).content.decode()


def test_a_later_choice_replaces_the_earlier(client: Client, cast: Cast) -> None:
    client.force_login(cast.alice)
    choose(client, shown=["address"])
    choose(client, shown=["tools", "owner", "called"])
    assert heads(client) == ["Name", "State", "Owner", "Last call"]
    assert TablePreference.objects.count() == 1


@pytest.mark.parametrize(
    "back", ["https://evil.test/", "//evil.test/", "/\\evil.test", "javascript:alert(1)", "", "\t//x"]
)
def test_nobody_is_sent_elsewhere_afterwards(client: Client, cast: Cast, back: str) -> None:
    client.force_login(cast.alice)
    assert choose(client, back=back) == "/"


def test_odd_choices_change_nothing_else(client: Client, cast: Cast) -> None:
    client.force_login(cast.alice)
    choose(client, offered=["x" * 500, "name", "nothing", "🙂"], shown=["🙂", "y" * 500])
    assert heads(client)[:2] == ["Name", "State"]
    assert client.post(reverse("people:table", args=["no-such-table"]), {}).status_code == 302


def test_who_is_signed_out_keeps_nothing(client: Client) -> None:
    client.post(reverse("people:table", args=["connectors"]), {"offered": ["owner"]})
    assert not TablePreference.objects.exists()
