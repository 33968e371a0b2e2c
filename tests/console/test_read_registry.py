"""The MCP registry of what is approved: its three routes as its API says, for whoever the organization lets read it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client, override_settings
from django.urls import reverse

from audit.models import Event
from connectors.models import Connector, Profile
from harriet.people.actions.issue_device_credential import issue_device_credential
from harriet.people.actions.issue_integration_key import issue_integration_key
from harriet.people.actions.issue_personal_token import issue_personal_token
from harriet.people.actions.register_device import register_device
from harriet.people.models import Membership, User
from tests.stage.cast import Cast

pytestmark = pytest.mark.django_db
BASE = "/registry/acme/v0.1/servers"
NAME = re.compile(r"^[a-zA-Z0-9.-]+/[a-zA-Z0-9._-]+$")


@pytest.fixture(autouse=True)
def _host(settings: Any) -> None:
    settings.BASE_URL = "https://harriet.acme.example"


def profile(cast: Cast, slug: str, state: str = "active", **given: str) -> Profile:
    made = Profile.objects.create(organization=cast.acme, slug=slug, name=slug.title(), **given)
    connector = Connector.objects.create(organization=cast.acme, slug=slug, name=f"The {slug}", state=state)
    made.connectors.add(connector)
    return made


def opened(cast: Cast, readers: str = "open") -> None:
    client = Client()
    client.force_login(cast.alice)
    assert client.post(reverse("registry_settings:detail"), {"registry": readers}).status_code == 302


def names(path: str = BASE, **headers: str) -> list[str]:
    answer = Client(headers=headers).get(path)
    assert answer.status_code == 200, answer.content
    return [one["server"]["name"] for one in answer.json()["servers"]]


def test_it_is_off_until_somebody_opens_it(cast: Cast) -> None:
    profile(cast, "sales")
    for path in (BASE, f"{BASE}/example.acme.harriet%2Facme.sales/versions/latest", "/registry/nobody/v0.1/servers"):
        assert Client().get(path).status_code == 404
    opened(cast)
    assert names() == ["example.acme.harriet/acme.sales"]
    assert Event.objects.filter(code="organization.registry_changed").exists()


def test_an_entry_has_what_the_api_asks_for(cast: Cast) -> None:
    one = profile(cast, "sales", description="x" * 150)
    profile(cast, "asleep", state="paused")
    opened(cast)
    listed = Client().get(BASE).json()
    [entry] = listed["servers"]
    assert listed["metadata"] == {"count": 1}
    server, meta = entry["server"], entry["_meta"]
    assert NAME.match(server["name"]) and len(server["description"]) == 100 and server["version"] == "1.0.0"
    assert server["remotes"] == [{"type": "streamable-http", "url": one.url}]
    official = meta["io.modelcontextprotocol.registry/official"]
    assert official["status"] == "active" and official["isLatest"] is True and official["publishedAt"].endswith("Z")
    assert meta["example.acme.harriet/harriet"] == {"connectors": ["The sales"]}
    for rest in ("", "/versions/latest", "/versions/1.0.0"):
        assert Client().get(f"{BASE}/example.acme.harriet%2Facme.sales{rest}").json() == entry
    assert Client().get(f"{BASE}/example.acme.harriet%2Facme.sales/versions").json() == listed
    for gone in ("acme.sales/versions/2.0.0", "acme.asleep/versions/latest", "globex.sales/versions", "sales/versions"):
        answer = Client().get(f"{BASE}/example.acme.harriet%2F{gone}")
        assert answer.status_code == 404 and answer.json() == {"error": "Server not found"}


def test_pages_follow_each_other_by_cursor(cast: Cast) -> None:
    for number in range(5):
        profile(cast, f"p{number}")
    opened(cast)
    seen: list[str] = []
    path = f"{BASE}?limit=2"
    for _ in range(3):
        page = Client().get(path).json()
        seen += [one["server"]["name"] for one in page["servers"]]
        path = f"{BASE}?limit=2&cursor={page['metadata'].get('nextCursor')}"
    assert seen == [f"example.acme.harriet/acme.p{number}" for number in range(5)]
    assert "nextCursor" not in page["metadata"]
    for wrong in (
        "limit=0",
        "limit=x",
        "limit=-1",
        "limit=²",
        "cursor=!!",
        "cursor=_w",
        "cursor=AA",
        "cursor=L3g",
        "updated_since=yesterday",
    ):
        answer = Client().get(f"{BASE}?{wrong}")
        assert answer.status_code == 400 and answer.json()["error"], wrong
    assert len(names(f"{BASE}?limit=100000")) == 5


def test_it_is_searched_as_the_api_says(cast: Cast) -> None:
    profile(cast, "sales")
    profile(cast, "support")
    opened(cast)
    assert names(f"{BASE}?search=SUPP") == names(f"{BASE}?search=acme.supp") == ["example.acme.harriet/acme.support"]
    assert len(names(f"{BASE}?search=harriet/acme")) == 2 and names(f"{BASE}?search=nothing") == []
    assert names(f"{BASE}?version=2.0.0") == names(f"{BASE}?updated_since=2999-01-01T00:00:00Z") == []
    assert len(names(f"{BASE}?version=latest&updated_since=2020-01-01T00:00:00%2B01:00&include_deleted=true")) == 2


def test_people_with_a_token_see_what_is_theirs(cast: Cast) -> None:
    mine, other = profile(cast, "sales"), profile(cast, "board")
    mine.groups.add(cast.sales)
    other.people.add(Membership.objects.get(user=cast.bob))
    opened(cast, "token")
    refused = Client().get(BASE)
    assert refused.status_code == 401 and refused["WWW-Authenticate"].startswith("Bearer")
    assert names(authorization=f"Bearer {personal(cast, cast.dana)}") == ["example.acme.harriet/acme.sales"]
    assert names(authorization=f"Bearer {personal(cast, cast.bob)}") == ["example.acme.harriet/acme.board"]
    actor = cast.actor(cast.alice)
    key = issue_integration_key(
        cast.acme, "Report", groups=[cast.sales], expires_in_days=9, actor=actor
    ).secret.reveal()
    assert names(authorization=f"Bearer {key}") == ["example.acme.harriet/acme.sales"]
    dana = cast.actor(cast.dana)
    device = register_device(cast.acme, cast.dana, "Laptop", actor=dana)
    bound = issue_device_credential(
        device, name="x", expires_in_days=9, profile_id=other.pk, actor=dana
    ).secret.reveal()
    assert names(authorization=f"Bearer {bound}") == []
    for token in (personal(cast, cast.charlie), "hrt_per_made-up", ""):
        assert Client(headers={"authorization": f"Bearer {token}"}).get(BASE).status_code == 401


def personal(cast: Cast, user: User) -> str:
    organization = user.memberships.get().organization
    return issue_personal_token(organization, user, "Script", 30, actor=cast.actor(user)).secret.reveal()


def test_browsers_of_any_client_may_read_it(cast: Cast) -> None:
    opened(cast)
    asked = Client().options(BASE, headers={"origin": "https://vscode.dev", "access-control-request-method": "GET"})
    assert asked.status_code == 204 and "Authorization" in asked["Access-Control-Allow-Headers"]
    for answer in (asked, Client().get(BASE), Client().get(f"{BASE}/x/versions"), Client().post(BASE)):
        assert answer["Access-Control-Allow-Origin"] == "*"
    assert Client().post(BASE).status_code == 405


def test_only_who_manages_profiles_opens_it(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.bob)
    assert client.get(reverse("registry_settings:detail")).status_code == 200
    assert client.post(reverse("registry_settings:detail"), {"registry": "open"}).status_code == 403


@override_settings(BASE_URL="http://[::1]:8000")
def test_a_host_without_a_name_still_makes_one(cast: Cast) -> None:
    profile(cast, "sales")
    opened(cast)
    assert all(NAME.match(name) for name in names())
