"""An agent acts without a person: made, given a credential, paused, handed over and ended."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from approvals.actions.approve_action import approve_action
from approvals.deciders import approvers_of, refusal
from approvals.errors import NotYours
from approvals.models import PendingAction
from audit.models import Event
from harriet.console.handing_over.hand_over import hand_over_agents
from harriet.people.actions.change_role import change_role
from harriet.people.actions.create_agent import create_agent
from harriet.people.actions.deactivate_person import deactivate_person
from harriet.people.actions.end_agent import end_agent
from harriet.people.actions.issue_agent_credential import issue_agent_credential
from harriet.people.actions.pause_agent import pause_agent
from harriet.people.actions.remove_person import remove_person
from harriet.people.actions.resume_agent import resume_agent
from harriet.people.actions.transfer_agent import transfer_agent
from harriet.people.errors import NotAllowed, PeopleError
from harriet.people.models import AccessToken, Agent, Membership, Notice, OrganizationVersion
from harriet.people.roles import Role
from tests.stage.cast import Cast
from tests.stage.held_calls import Mailing, hold, make_mailing

pytestmark = pytest.mark.django_db


@pytest.fixture
def report(cast: Cast) -> Agent:
    """Dana answers for it, and Alice made it."""
    return create_agent(
        cast.acme, "Nightly report", "Figures for the board", cast.dana, [cast.sales], actor=cast.actor(cast.alice)
    )


def dana(cast: Cast) -> Membership:
    return Membership.objects.select_related("organization", "user").get(user=cast.dana)


def version_of(cast: Cast) -> int:
    return OrganizationVersion.objects.get(organization=cast.acme).number


def held_by(mailing: Mailing, agent: Agent, by: Any, number: int = 1) -> PendingAction:
    """A call that the agent asked for, with a credential that somebody made."""
    actor = mailing.cast.actor(by)
    token = issue_agent_credential(agent, f"server {number}", 30, actor=actor).token
    label = f"{agent.name} (agent of {agent.owner})"
    call = replace(mailing.call(f'{{"n":{number}}}'.encode()), token_id=token.pk, user_id=None, caller_label=label)
    return mailing.action(hold(call))


def test_alice_makes_an_agent_in_the_pages_and_sees_its_credential_once(cast: Cast, client: Client) -> None:
    client.force_login(cast.alice)
    given = {
        "name": "Nightly report",
        "purpose": "Figures",
        "owner": str(cast.dana.pk),
        "groups": [str(cast.sales.pk)],
    }
    made = client.post(reverse("agents:new"), given, follow=True)
    agent = Agent.objects.get()
    assert made.redirect_chain[-1][0] == reverse("agents:detail", args=[agent.pk])
    assert (agent.owner, list(agent.groups.all())) == (cast.dana, [cast.sales])
    new = reverse("agents:new_credential", args=[agent.pk])
    shown = client.post(new, {"name": "cron", "expires_in_days": 90, "profile": ""}, follow=True)
    secret = shown.context["secret"]
    assert secret.startswith("hrt_agt_") and shown["Cache-Control"] == "private, no-store"
    assert secret not in client.get(shown.redirect_chain[-1][0]).content.decode()
    listed = client.get(reverse("agents:list")).content.decode()
    assert "Nightly report" in listed and "dana" in listed.lower()
    assert "Nightly report" in client.get(reverse("console:search"), {"q": "nightly"}).content.decode()
    assert "cron" not in client.get(reverse("devices:list")).content.decode()
    sentence = Event.objects.get(code="agent.created").sentence
    assert "made the agent Nightly report, for which dana@acme.test answers" in sentence


def test_nobody_else_makes_one_and_strangers_see_none(cast: Cast, report: Agent, client: Client) -> None:
    for user in (cast.bob, cast.dana):
        with pytest.raises(NotAllowed):
            create_agent(cast.acme, "x", "", user, [cast.sales], actor=cast.actor(user))
    client.force_login(cast.charlie)
    assert client.get(reverse("agents:detail", args=[report.pk])).status_code == 404
    with pytest.raises(PeopleError, match="answers for it"):
        create_agent(cast.acme, "x", "", cast.charlie, [cast.sales], actor=cast.actor(cast.alice))


def test_its_owner_opens_it_pauses_it_and_makes_a_credential(cast: Cast, report: Agent, client: Client) -> None:
    client.force_login(cast.dana)
    page = reverse("agents:detail", args=[report.pk])
    assert client.get(page).status_code == 200
    assert client.post(reverse("agents:pause", args=[report.pk]), {"because": "Broken"}).status_code == 302
    report.refresh_from_db()
    assert (report.state, report.paused_because) == ("paused", "Broken")
    client.post(reverse("agents:resume", args=[report.pk]))
    report.refresh_from_db()
    assert report.state == "active"
    assert client.post(reverse("agents:change", args=[report.pk]), {"name": "Mine"}).status_code == 403
    assert client.post(reverse("agents:transfer", args=[report.pk]), {"owner": str(cast.bob.pk)}).status_code == 403
    other = create_agent(cast.acme, "Other", "", cast.bob, [cast.sales], actor=cast.actor(cast.alice))
    assert client.get(reverse("agents:detail", args=[other.pk])).status_code == 404


@pytest.mark.parametrize("end", [deactivate_person, remove_person])
def test_when_its_owner_leaves_it_pauses_and_admins_are_told(cast: Cast, report: Agent, end: Any) -> None:
    before = version_of(cast)
    end(dana(cast), actor=cast.actor(cast.alice))
    report.refresh_from_db()
    assert report.state == "paused" and "dana@acme.test" in report.paused_because and version_of(cast) > before
    assert Notice.objects.filter(user=cast.alice, key=f"agent {report.pk}", settled_at=None).exists()
    with pytest.raises(PeopleError, match="answers for it"):
        resume_agent(report, actor=cast.actor(cast.alice))
    transfer_agent(report, cast.bob, actor=cast.actor(cast.alice))
    report.refresh_from_db()
    assert report.state == "paused", "whoever has it now decides when it goes on"
    resume_agent(report, actor=cast.actor(cast.bob))
    assert not Notice.objects.filter(key=f"agent {report.pk}", settled_at=None).exists()


def test_the_checklist_hands_agents_over(cast: Cast, report: Agent, client: Client) -> None:
    client.force_login(cast.alice)
    page = reverse("console:off_board", args=[dana(cast).pk])
    assert "Nightly report" in client.get(page).content.decode()
    bob = Membership.objects.get(user=cast.bob)
    assert client.post(page, {"to": str(bob.pk), "what": ["agents"]}).status_code == 302
    report.refresh_from_db()
    assert (report.owner, report.state) == (cast.bob, "active")
    assert hand_over_agents([report], bob, cast.actor(cast.alice)) == []


def test_neither_its_owner_nor_the_maker_of_its_credential_decides(cast: Cast, report: Agent) -> None:
    mailing = make_mailing(cast)
    change_role(dana(cast), Role.APPROVER, actor=cast.actor(cast.alice))
    action = held_by(mailing, report, cast.alice)
    for user, why in ((cast.dana, "answer for the agent"), (cast.alice, "issued the credential")):
        membership = Membership.objects.select_related("user").get(user=user)
        assert why in refusal(action, membership) and membership not in approvers_of(action)
        with pytest.raises(NotYours, match=why):
            approve_action(action, reason="Fine.", actor=cast.actor(user))
    approve_action(action, reason="Fine.", actor=cast.actor(cast.bob))


def test_the_ticket_says_which_agent_for_whom_and_what_it_is_for(cast: Cast, report: Agent, client: Client) -> None:
    action = held_by(make_mailing(cast), report, cast.alice)
    client.force_login(cast.bob)
    page = client.get(reverse("tickets:detail", args=[action.ticket.number])).content.decode()
    assert "Nightly report (agent of" in page and "Figures for the board" in page


@pytest.mark.parametrize("what", ["pause", "transfer", "end"])
def test_its_calls_that_wait_end_with_it(cast: Cast, report: Agent, what: str) -> None:
    """Handed over as well: else its owner hands it over, and decides on what it asked for."""
    action = held_by(make_mailing(cast), report, cast.alice)
    actor = cast.actor(cast.alice)
    changes: dict[str, Any] = {
        "pause": lambda: pause_agent(report, "", actor=actor),
        "transfer": lambda: transfer_agent(report, cast.bob, actor=actor),
        "end": lambda: end_agent(report, actor=actor),
    }
    changes[what]()
    action.refresh_from_db()
    assert action.state == "ended" and "Nightly report" in action.outcome_reason


def test_ended_for_good(cast: Cast, report: Agent) -> None:
    actor = cast.actor(cast.alice)
    issue_agent_credential(report, "cron", 30, actor=actor)
    assert end_agent(report, actor=actor) == 1
    assert not AccessToken.objects.filter(agent=report, revoked_at=None).exists()
    for again in (
        lambda: resume_agent(report, actor=actor),
        lambda: issue_agent_credential(report, "x", 3, actor=actor),
    ):
        with pytest.raises(PeopleError, match="has ended"):
            again()
    create_agent(cast.acme, "Nightly report", "", cast.dana, [cast.sales], actor=actor)


def test_programs_manage_agents(cast: Cast, client: Client) -> None:
    client.force_login(cast.alice)
    given = {"name": "Robot", "owner": "dana@acme.test", "groups": ["sales"]}
    made = client.post("/api/v1/agents/", given, content_type="application/json")
    assert made.status_code == 201 and made.json()["owner"] == "dana@acme.test"
    one = f"/api/v1/agents/{made.json()['id']}/"
    paused = client.patch(one, {"state": "paused", "because": "Night"}, content_type="application/json")
    assert (paused.json()["state"], paused.json()["paused_because"]) == ("paused", "Night")
    moved = client.patch(one, {"owner": "bob@acme.test", "state": "active"}, content_type="application/json").json()
    assert (moved["owner"], moved["state"]) == ("bob@acme.test", "active")
    issued = client.post(f"{one}credentials/", {"name": "cron"}, content_type="application/json").json()
    assert issued["token"].startswith("hrt_agt_")
    assert [row["name"] for row in client.get("/api/v1/agents/").json()["results"]] == ["Robot"]
    assert client.delete(one).status_code == 204
    client.force_login(cast.dana)
    assert client.get("/api/v1/agents/").json()["results"] == []
    assert client.get(one).status_code == 404
