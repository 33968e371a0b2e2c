"""An agent calls with its own credential: what its groups may, under its own name, and nothing once it is stopped."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from audit.models import Event
from harriet.people.actions.create_agent import create_agent
from harriet.people.actions.deactivate_person import deactivate_person
from harriet.people.actions.issue_agent_credential import issue_agent_credential
from harriet.people.actions.issue_scim_token import issue_scim_token
from harriet.people.actions.pause_agent import pause_agent
from harriet.people.actions.resume_agent import resume_agent
from harriet.people.actors import actor_of
from harriet.people.models import Agent, Membership
from harriet.signin.actions.bind_workload import end_workload
from tests.stage.clients import Client
from tests.stage.directory import directory, user_id
from tests.stage.office import Office
from tests.stage.processes import Gateway
from tests.stage.profiles import profile
from tests.stage.waiting import wait_for
from tests.stage.workloads import workload

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]


def agent_of_bob(office: Office) -> Agent:
    """Bob, who answers for it, is not in its group: the agent's own groups count."""
    cast = office.cast
    return create_agent(cast.acme, "Nightly report", "", cast.bob, [cast.sales], actor=actor_of(cast.alice))


def pause(office: Office, agent: Agent) -> None:
    pause_agent(agent, "", actor=actor_of(office.cast.alice))


def owner_leaves(office: Office, agent: Agent) -> None:
    bob = Membership.objects.get(user=office.cast.bob)
    deactivate_person(bob, actor=actor_of(office.cast.alice))


def directory_says_so(office: Office, agent: Agent) -> None:
    entra = directory(office.cast)
    bob = user_id(office.cast.bob, office.cast.acme)
    assert entra.patch(f"/Users/{bob}", {"op": "replace", "path": "active", "value": "False"}).status in (200, 204)


@pytest.mark.parametrize("stop", [pause, owner_leaves, directory_says_so])
def test_it_calls_under_its_own_name_and_stops_at_once(
    office: Office, gateway: Gateway, stop: Callable[[Office, Agent], None]
) -> None:
    agent = agent_of_bob(office)
    secret = issue_agent_credential(agent, "cron", 30, actor=actor_of(office.cast.alice)).secret.reveal()
    client = Client(gateway, secret).until(200)
    assert client.call("echo", {"text": "hello"}).status == 200
    wait_for(lambda: Event.objects.filter(code="call.outcome").exists())
    told = Event.objects.get(code="call.outcome")
    assert "Nightly report (agent of bob@acme.test)" in told.sentence
    wait_for(lambda: Agent.objects.get(pk=agent.pk).last_seen_at is not None)
    stop(office, agent)
    refused = client.until(401).call("echo", {"text": "still there?"})
    assert refused.status == 401
    assert "agent is paused" in str(refused.json)


def test_it_goes_on_with_the_same_credential_once_it_is_resumed(office: Office, gateway: Gateway) -> None:
    agent, alice = agent_of_bob(office), actor_of(office.cast.alice)
    secret = issue_agent_credential(agent, "cron", 30, actor=alice).secret.reveal()
    pause_agent(agent, "", actor=alice)
    client = Client(gateway, secret).until(401)
    resume_agent(agent, actor=alice)
    assert client.until(200).call("echo", {"text": "again"}).status == 200


def test_its_credential_opens_its_profile_alone_and_no_other_token_does(office: Office, gateway: Gateway) -> None:
    agent, alice = agent_of_bob(office), actor_of(office.cast.alice)
    other = profile(office.cast.acme, office.crm, groups=[office.cast.sales], slug="other")
    secret = issue_agent_credential(agent, "cron", 30, other.pk, actor=alice).secret.reveal()
    Client(gateway, secret, "/mcp/acme/other").until(200)
    assert Client(gateway, secret).request("ping").status in (403, 404)
    scim = issue_scim_token(office.cast.acme, "Entra ID", 30, actor=alice).secret.reveal()
    assert Client(gateway, scim).request("ping").status == 401


def test_its_workload_is_let_in_at_once_and_out_within_a_second(office: Office, gateway: Gateway) -> None:
    nightly = workload(office.cast, office.work)
    office.wait_until_known(gateway)
    said = nightly.bring(scope="tools.read").json()
    client = Client(gateway, said["access_token"])
    assert client.request("tools/list").status == 200, "looked up, though no snapshot knows it"
    assert Client(gateway, f"{said['access_token']}x").request("tools/list").status == 401
    other = profile(office.cast.acme, office.crm, groups=[office.cast.sales], slug="other")
    office.wait_until_known(gateway)
    assert Client(gateway, said["access_token"], f"/mcp/acme/{other.slug}").request("tools/list").status in (401, 403)
    names = {tool["name"] for tool in client.request("tools/list").result["tools"]}
    full = Client(gateway, nightly.bring().json()["access_token"])
    assert names <= {tool["name"] for tool in full.request("tools/list").result["tools"]}
    assert full.call("echo", {"text": "hello"}).text == "hello"
    wait_for(lambda: Event.objects.filter(code="call.outcome").exists())
    assert "Nightly report (agent of bob@acme.test)" in Event.objects.get(code="call.outcome").sentence
    end_workload(nightly.identity, actor=actor_of(office.cast.alice))
    client.until(401)
    full.until(401)
