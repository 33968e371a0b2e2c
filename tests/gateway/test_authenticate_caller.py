"""Who may enter: by a token in a header alone; everything foreign looks like nothing at all."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils.timezone import now

from harriet.people.actions.issue_personal_token import issue_personal_token
from harriet.people.actors import actor_of
from harriet.people.models import AccessToken, Group
from tests.stage.clients import Client
from tests.stage.connectors import connector, tools
from tests.stage.office import Office
from tests.stage.processes import Gateway
from tests.stage.profiles import profile
from tests.stage.tokens import device_token, shared_key

pytestmark = pytest.mark.django_db(transaction=True)


def status(client: Client, headers: dict[str, str], path: str | None = None) -> int:
    return client.gateway.send("POST", path or client.path, b"{}", headers).status


def test_the_token_comes_in_one_of_three_headers(dana: Client) -> None:
    message = dana.message("ping")
    rest = {name: value for name, value in dana.headers(message).items() if name != "authorization"}
    for carried in (
        {"authorization": f"Bearer {dana.token}"},
        {"authorization": f"bearer {dana.token}"},
        {"authorization": f"Token {dana.token}"},
        {"x-api-key": dana.token},
    ):
        assert dana.gateway.send("POST", dana.path, b"{}", rest | carried).status == 400  # in, but {} is no message


def test_no_or_unknown_tokens_are_told_what_to_do(dana: Client) -> None:
    rest = {"content-type": "application/json"}
    for carried in ({}, {"authorization": "Bearer nonsense"}, {"authorization": f"Basic {dana.token}"}):
        answer = dana.gateway.send("POST", dana.path, b"{}", rest | carried)
        assert answer.status == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert "/me/connect/" in answer.error["message"]
        assert dana.token not in answer.body.decode()


def test_a_token_in_the_url_is_refused_even_beside_a_good_one(dana: Client) -> None:
    for query in (f"?token={dana.token}", "?access_token=x", f"?anything={dana.token}"):
        answer = dana.gateway.send("POST", dana.path + query, b"{}", dana.headers({}))
        assert answer.status == 401
        assert "header" in answer.error["message"]


def test_foreign_unknown_and_closed_profiles_look_the_same(gateway: Gateway, office: Office, dana: Client) -> None:
    globex = office.cast.globex
    foreign = profile(globex, connector(globex, "http://127.0.0.1:9/mcp"), groups=[])
    foreign.people.add(office.cast.charlie.memberships.get())
    closed = profile(office.cast.acme, office.crm, groups=[], slug="closed")
    charlie = Client(gateway, device_token(globex, office.cast.charlie), "/mcp/globex/work").until(200)
    bodies = set()
    for client, path in (
        (dana, "/mcp/globex/work"),
        (dana, "/mcp/globex/nothing"),
        (dana, "/mcp/nowhere/work"),
        (dana, "/mcp/acme/nothing"),
        (dana, f"/mcp/acme/{closed.slug}"),
        (dana, "/mcp/acme/"),
        (dana, f"/mcp/acme/{office.work.slug}/more"),
        (charlie, "/mcp/acme/work"),
    ):
        answer = client.gateway.send("POST", path, b"{}", client.headers({}))
        assert answer.status == 404, path
        bodies.add(answer.body)
    assert len(bodies) == 1


def test_a_token_for_one_profile_opens_no_other(gateway: Gateway, office: Office, dana: Client) -> None:
    other = profile(office.cast.acme, office.crm, groups=[office.cast.sales], slug="other")
    AccessToken.objects.update(profile_id=other.id)
    office.changed()
    dana.until(404)
    assert Client(gateway, office.token, "/mcp/acme/other").request("ping").status == 200


def test_expired_tokens_are_refused_by_the_databases_clock(office: Office, dana: Client) -> None:
    AccessToken.objects.update(expires_at=now() + timedelta(seconds=1.5))
    office.changed()
    dana.until(401)


def test_a_personal_api_token_is_no_key_to_the_gateway(gateway: Gateway, office: Office, dana: Client) -> None:
    alice = office.cast.alice
    _, secret = issue_personal_token(office.cast.acme, alice, name="api", expires_in_days=1, actor=actor_of(alice))
    office.changed()
    assert Client(gateway, secret.reveal()).request("ping").status == 401


def test_an_integration_key_has_its_own_groups_alone(gateway: Gateway, office: Office, dana: Client) -> None:
    robot = Client(gateway, shared_key(office.cast.acme, [office.cast.sales], office.cast.alice)).until(200)
    assert robot.call("echo", {"text": "beep"}).text == "beep"
    support = Group.objects.create(organization=office.cast.acme, slug="support", name="Support")
    Client(gateway, shared_key(office.cast.acme, [support], office.cast.alice)).until(404)


def test_the_same_name_at_two_connectors_goes_to_the_first(gateway: Gateway, office: Office, dana: Client) -> None:
    second = connector(office.cast.acme, "http://127.0.0.1:9/mcp", slug="zzz")
    tools(second, office.cast.sales)
    office.work.connectors.add(second)
    office.wait_until_known(gateway)
    assert dana.call("echo", {"text": "first"}).text == "first"
    office.work.has_prefix = True
    office.work.save()
    office.wait_until_known(gateway)
    names = [tool["name"] for tool in dana.request("tools/list").result["tools"]]
    assert {"zzz_echo", "crm_echo"} <= set(names)
    assert dana.call("crm_echo", {"text": "prefixed"}).text == "prefixed"
