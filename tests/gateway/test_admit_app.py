"""A client that Dana signed in to comes with its own tokens: new ones work at once, for one profile, for what she
allowed; ended ones don't, and it is told where to sign in."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.db.models.functions import Now

from audit.models import Event
from connectors.models import Risk, Tool
from harriet.people.actions.revoke_device import revoke_device
from harriet.people.actors import actor_of
from harriet.people.models import AccessToken, Device
from tests.stage.clients import Client, ModernClient
from tests.stage.office import Office
from tests.stage.processes import Answer, Gateway
from tests.stage.profiles import profile
from tests.stage.signing_app import App, resource
from tests.stage.waiting import wait_for

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]

ERAS: list[type[Client]] = [Client, ModernClient]


@pytest.fixture
def office(office: Office, gateway: Gateway) -> Office:
    """Adding is read-only, sending dangerous; the gateway has heard of it."""
    Tool.objects.filter(name="echo").update(risk_override=Risk.READ_ONLY)
    Tool.objects.exclude(name="echo").update(risk_override=Risk.DANGEROUS)
    office.changed()
    office.wait_until_known(gateway)
    return office


def members(answer: Answer) -> dict[str, str]:
    return dict(re.findall(r'(\w+)="([^"]*)"', answer.headers["www-authenticate"]))


def names(answer: Answer) -> set[str]:
    return {tool["name"] for tool in answer.result["tools"]}


@pytest.mark.parametrize("kind", ERAS)
def test_a_new_token_works_at_once_and_shows_what_may_be_called(
    gateway: Gateway, office: Office, kind: type[Client]
) -> None:
    tokens = App().sign_in(office.cast.dana, ticked=["tools.read"])
    client = kind(gateway, tokens["access_token"])
    assert names(client.request("tools/list")) == {"echo"}
    assert client.call("echo", {"text": "hello"}).status == 200


@pytest.mark.parametrize("kind", ERAS)
def test_a_call_beyond_what_was_allowed_says_which_scopes_it_takes(
    gateway: Gateway, office: Office, kind: type[Client]
) -> None:
    tokens = App().sign_in(office.cast.dana, ticked=["tools.read"])
    client = kind(gateway, tokens["access_token"])
    beyond = Tool.objects.exclude(name="echo").first()
    assert beyond is not None
    answer = client.call(beyond.name)
    assert answer.status == 403 and "not allowed to this client" in answer.error["message"]
    told = members(answer)
    assert (told["error"], told["scope"]) == ("insufficient_scope", "tools.read tools.dangerous")
    assert told["resource_metadata"].endswith("/.well-known/oauth-protected-resource/mcp/acme/work")
    assert client.call("no such tool").status != 403
    wait_for(Event.objects.filter(code="call.refused", body__contains="did not allow this client").exists)


def test_an_exchanged_token_goes_on_with_what_the_one_before_began(gateway: Gateway, office: Office) -> None:
    app = App()
    first = app.sign_in(office.cast.dana)
    client = Client(gateway, first["access_token"])
    hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "by hand", "version": "1"}}
    session = {"mcp-session-id": client.request("initialize", hello).headers["mcp-session-id"]}
    second = app.refresh(first["refresh_token"]).json()
    for token in (second["access_token"], first["access_token"]):
        client.token = token
        message = client.message("tools/list")
        assert client.post(json.dumps(message).encode(), client.headers(message) | session).status == 200, token


def test_a_token_is_for_one_profile(gateway: Gateway, office: Office) -> None:
    profile(office.cast.acme, office.crm, groups=[office.cast.sales], slug="other")
    office.wait_until_known(gateway)
    tokens = App().sign_in(office.cast.dana)
    for path in ("/mcp/acme/other", "/mcp/acme/no-such", "/mcp/globex/work"):
        answer = Client(gateway, tokens["access_token"], path).request("ping")
        assert answer.status == 401 and members(answer)["error"] == "invalid_token", path
        assert members(answer)["resource_metadata"].endswith(path)


def test_a_slash_at_the_end_is_the_same_address(gateway: Gateway, office: Office) -> None:
    """Somebody pasted one too many: signing in again would help nobody."""
    app = App()
    app.register()
    code = app.sent_back(office.cast.dana, resource=resource() + "/")["code"]
    tokens = app.exchange(code, resource=resource() + "/").json()
    path = resource().removeprefix(settings.BASE_URL)
    assert Client(gateway, tokens["access_token"], f"{path}/").request("ping").status == 200
    assert Client(gateway, tokens["access_token"], f"{path}//").request("ping").status == 401
    found = gateway.send("GET", f"/.well-known/oauth-protected-resource{path}/", b"", {})
    assert json.loads(found.body)["resource"] == resource()


@pytest.mark.parametrize("path", ["/mcp/acme/work", "/mcp/acme/no-such", "/mcp/nobody/its", "/mcp/acme/work" + "/"])
def test_who_has_no_token_is_told_where_to_sign_in(gateway: Gateway, office: Office, path: str) -> None:
    answer = gateway.send("POST", path, b"{}", {"content-type": "application/json"})
    told = members(answer)
    assert answer.status == 401 and set(told) == {"resource_metadata", "scope"}
    document = told["resource_metadata"].removeprefix(settings.BASE_URL)
    assert document == f"/.well-known/oauth-protected-resource{path.rstrip('/')}"
    found = gateway.send("GET", document, b"", {})
    if "nobody" in path:
        assert found.status == 404
        return
    said = json.loads(found.body)
    assert said["resource"] == settings.BASE_URL + path.rstrip("/")
    metadata = gateway.send("GET", "/.well-known/oauth-authorization-server/oauth/acme", b"", {})
    assert said["authorization_servers"] == [json.loads(metadata.body)["issuer"]]


def test_what_is_ended_opens_nothing_within_a_second(gateway: Gateway, office: Office) -> None:
    tokens = App().sign_in(office.cast.dana)
    client = Client(gateway, tokens["access_token"])
    assert client.request("ping").status == 200
    revoke_device(Device.objects.get(kind="app"), actor=actor_of(office.cast.dana))
    wait_for(lambda: client.request("ping").status == 401)
    answer = client.request("ping")
    assert members(answer)["error"] == "invalid_token" and "ended on" in answer.error["message"]


def test_an_expired_token_is_told_apart_and_is_no_guess(gateway: Gateway, office: Office) -> None:
    app = App()
    tokens = app.sign_in(office.cast.dana)
    AccessToken.objects.filter(kind="oauth").update(secret_until=Now() - timedelta(seconds=1))
    answer = Client(gateway, tokens["access_token"]).request("ping")
    assert answer.status == 401 and "exchanges it for the next one" in answer.error["message"]
    assert members(answer)["error"] == "invalid_token" and "resource_metadata" in members(answer)
    following = app.refresh(tokens["refresh_token"]).json()
    assert Client(gateway, following["access_token"]).request("ping").status == 200
