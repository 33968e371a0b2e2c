"""The emergency stop on its page, over the API and at the machine: looked at, rehearsed, used, released in stages."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.conf import LazySettings
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from approvals.deciders import refusal
from approvals.models import PendingAction
from audit.models import Event
from harriet.people.actions.release_stop import release_stop
from harriet.people.actors import OPERATOR
from harriet.people.errors import NotAllowed
from harriet.people.models import Agent, Membership, Notice, Stop
from harriet.people.pages.fresh_sign_in import SIGNED_IN
from harriet.people.roles import Role
from harriet.people.stop_rules import Bearing, StandingStop, lets_through, names
from tests.stage.cast import Cast, person
from tests.stage.held_calls import Mailing, make_mailing

pytestmark = pytest.mark.django_db
PAGE = "/settings/emergency-stop/"
WHY = "Mails leave by themselves."


@pytest.fixture
def mailing(cast: Cast) -> Mailing:
    return make_mailing(cast)


@pytest.fixture
def alice(cast: Cast, client: Client) -> Client:
    client.force_login(cast.alice)
    return client


def text(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def said(_kind: str, **more: Any) -> dict[str, Any]:
    return {"reason": WHY, "told": "", "do": "stop", **more}


def sign_in_again(client: Client) -> None:
    answer = client.post(reverse("account_reauthenticate"), {"password": "correct horse battery"})
    assert answer.status_code == 302


def bodies(code: str) -> list[dict[str, Any]]:
    return [json.loads(one.body) for one in Event.objects.filter(code=code).order_by("recorded_at")]


def test_a_connector_is_looked_at_stopped_eased_and_released(mailing: Mailing, cast: Cast, alice: Client) -> None:
    held = mailing.held()
    crm = mailing.tool.connector
    new = reverse("stops:new", args=["connector"])
    assert f"{new}?subject={crm.pk}" in text(alice.get(reverse("connectors:detail", args=[crm.pk])))
    looked = text(alice.post(new, said("connector", subject=str(crm.pk), do="look")))
    assert "1 call on tickets, which would freeze there." in looked
    assert not Stop.objects.exists(), "looking stops nothing"
    done = alice.post(new, said("connector", subject=str(crm.pk), told="We look into it."), follow=True)
    assert "Stopped: the calls to the connector" in text(done)
    one = Stop.objects.get()
    assert (one.began_by, one.told, one.subject) == (cast.alice, "We look into it.", str(crm.pk))
    assert "An emergency stop stands" in text(alice.get(reverse("people:list"))), "it is said on every page"
    assert WHY in text(alice.get(reverse("console:overview")))
    assert "Stopped in an emergency" in text(alice.get(reverse("connectors:detail", args=[crm.pk])))
    event = bodies("stop.started")[0]
    assert "1 call on tickets" in json.dumps(event)
    action = mailing.action(held)
    bob = Membership.objects.get(user=cast.bob)
    assert "freezes this ticket" in refusal(action, bob)
    detail = reverse("stops:detail", args=[one.pk])
    eased = {"stage": "moderate", "let_through": "", "reason": "Half of it.", "do": "ease"}
    alice.post(detail, eased)
    assert Stop.objects.get().stage == "moderate"
    assert "freezes this ticket" in refusal(action, bob), "it is a dangerous tool"
    alice.post(detail, {**eased, "stage": "all", "let_through": str(cast.sales.pk)})
    assert refusal(action, bob) == "", "Dana's group goes first"
    alice.post(detail, {**eased, "reason": "Over.", "do": "release"})
    assert Stop.objects.get().released_at is not None
    assert [len(bodies(code)) for code in ("stop.eased", "stop.released")] == [2, 1]
    assert "Released lately" in text(alice.get(PAGE))


@pytest.mark.parametrize(("token", "are_told"), [("", False), ("a token that is long enough", True)])
def test_streams_are_counted_only_where_processes_tell_of_them(
    cast: Cast, alice: Client, settings: LazySettings, token: str, are_told: bool
) -> None:
    settings.METRICS_TOKEN = token
    looked = text(alice.post(reverse("stops:new", args=["organization"]), said("organization", do="look")))
    assert ("streams on which clients listen" in looked) is are_told, "none and not known are not the same"


def test_a_drill_touches_nothing_but_the_log(mailing: Mailing, alice: Client) -> None:
    mailing.held()
    before = (list(Stop.objects.values()), list(PendingAction.objects.values()), list(Notice.objects.values()))
    for kind, subject in (("organization", ""), ("risk", "dangerous"), ("client_name", "Claude Code")):
        done = alice.post(reverse("stops:new", args=[kind]), said(kind, subject=subject, do="drill"), follow=True)
        assert "Nothing was stopped." in text(done), kind
    assert before == (list(Stop.objects.values()), list(PendingAction.objects.values()), list(Notice.objects.values()))
    assert all("1 call on tickets" in json.dumps(one) for one in bodies("stop.drilled"))


def test_everything_is_stopped_by_an_owner_who_has_just_signed_in_again(cast: Cast, alice: Client) -> None:
    new, session = reverse("stops:new", args=["organization"]), alice.session
    session[SIGNED_IN] = 0
    session.save()
    assert "you are asked to sign in again" in text(alice.get(new))
    refused = alice.post(new, said("organization"))
    assert refused.url.startswith(reverse("account_reauthenticate")) and not Stop.objects.exists()
    sign_in_again(alice)
    back = text(alice.get(new))
    assert f'value="{WHY}"' in back and "Stop it now" in back and not Stop.objects.exists(), "coming back stops nothing"
    alice.post(new, said("organization"))
    one = Stop.objects.get()
    with pytest.raises(NotAllowed):
        release_stop(one, reason="Over.", actor=cast.actor(cast.alice))
    alice.post(reverse("stops:detail", args=[one.pk]), {"stage": "all", "reason": "Over.", "do": "release"})
    assert Stop.objects.get().released_at is not None


@pytest.mark.django_db(transaction=True)
def test_owners_and_it_admins_are_told_at_once(committed_cast: Cast, client: Client) -> None:
    cast = committed_cast
    erin = person(cast.acme, "Erin", Role.MCP_ADMIN)
    client.force_login(erin)
    client.post(reverse("stops:new", args=["risk"]), said("risk", subject="dangerous"))
    told = set(Notice.objects.filter(kind="stopped").values_list("user__email", flat=True))
    assert told == {cast.alice.email, erin.email}
    assert {one.to[0] for one in mail.outbox} == told


def test_each_may_use_their_own_switches(cast: Cast, client: Client) -> None:
    erin = person(cast.acme, "Erin", Role.MCP_ADMIN)
    auditor = person(cast.acme, "Olga", Role.AUDITOR)
    client.force_login(erin)
    assert client.get(reverse("stops:new", args=["organization"])).status_code == 403
    assert client.get(reverse("stops:new", args=["person"])).status_code == 200
    client.post(reverse("stops:new", args=["person"]), said("person", subject=str(erin.pk)))
    own = Stop.objects.get()
    refused = client.post(
        reverse("stops:detail", args=[own.pk]), {"stage": "all", "reason": "It was not me.", "do": "release"}
    )
    assert "Your own calls were stopped" in text(refused) and Stop.objects.get().released_at is None
    client.force_login(auditor)
    assert WHY in text(client.get(PAGE)), "auditors see what is stopped"
    assert client.post(reverse("stops:new", args=["risk"]), said("risk", subject="dangerous")).status_code == 403
    client.force_login(cast.dana)
    assert client.get(PAGE).status_code == 403
    client.force_login(cast.charlie)
    assert client.get(reverse("stops:detail", args=[own.pk])).status_code == 404


def test_whoever_is_stopped_decides_on_nothing(mailing: Mailing, cast: Cast) -> None:
    action = mailing.action(mailing.held())
    call_command("stop", organization="acme", kind="person", subject=cast.bob.email, reason=WHY)
    assert "Your own calls are stopped" in refusal(action, Membership.objects.get(user=cast.bob))


def test_the_machine_stops_and_releases(cast: Cast, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CommandError, match="Say why"):
        call_command("stop", organization="acme")
    call_command("stop", organization="acme", reason=WHY)
    with pytest.raises(CommandError, match="stands already"):
        call_command("stop", organization="acme", reason=WHY)
    one = Stop.objects.get()
    call_command("stop", organization="acme", list=True)
    assert f"{one.pk}  all calls of the organization Acme: {WHY}" in capsys.readouterr().out
    call_command("release", str(one.pk), stage="read_only", group="sales", reason="First Sales.")
    one.refresh_from_db()
    assert (one.stage, one.let_through, one.eased_by_label) == ("read_only", cast.sales, OPERATOR)
    call_command("stop", organization="acme", list=True)
    assert f"{WHY} (Read-only calls run again)" in capsys.readouterr().out
    call_command("release", str(one.pk), reason="Over.")
    with pytest.raises(CommandError, match="No such stop stands"):
        call_command("release", str(one.pk), reason="Over.")


def test_programs_stop_rehearse_and_release(mailing: Mailing, cast: Cast, alice: Client) -> None:
    def post(path: str, **body: Any) -> Any:
        return alice.post(f"/api/v1/{path}", body, content_type="application/json")

    drill = post("stops/", kind="connector", subject=mailing.tool.connector.slug, reason=WHY, is_drill=True)
    assert "under way" in drill.json()["would_end"][0] and not Stop.objects.exists()
    made = post("stops/", kind="connector", subject=mailing.tool.connector.slug, reason=WHY)
    assert (made.status_code, made.json()["label"]) == (201, mailing.tool.connector.name)
    assert post("stops/", kind="person", subject="charlie@globex.test", reason=WHY).status_code == 400
    assert post("stops/", kind="organization", reason=WHY).status_code == 403, "that takes a fresh sign-in"
    one = f"stops/{made.json()['id']}/"
    assert post(one, stage="read_only", reason="First reads.").json()["stage"] == "read_only"
    assert post(one, reason="Over.").json()["released_at"]
    assert [row["kind"] for row in alice.get("/api/v1/stops/").json()["results"]] == ["connector"]


CALL = Bearing(("dana",), "", "key", "claude code 2.1", "crm", "moderate", frozenset())


@pytest.mark.parametrize(
    ("kind", "subject", "is_named"),
    [
        ("organization", "", True),
        ("connector", "crm", True),
        ("connector", "wiki", False),
        ("person", "dana", True),
        ("person", "bob", False),
        ("agent", "dana", False),
        ("client", "key", True),
        ("client", "other", False),
        ("client_name", "claude code", True),
        ("client_name", "claude", True),
        ("client_name", "claude cod", False),
        ("risk", "moderate", True),
        ("risk", "dangerous", False),
    ],
)
def test_a_stop_names_exactly_its_subject(cast: Cast, kind: str, subject: str, is_named: bool) -> None:
    stop = StandingStop(cast.acme.pk, cast.acme.pk, kind, subject, subject, "", "all", None, timezone.now())
    assert names(stop, CALL) is is_named
    assert not names(stop, Bearing()) or kind == "organization", "what nothing is known of is no subject"


@pytest.mark.parametrize(
    ("stage", "runs"),
    [("all", ()), ("read_only", ("read_only", "")), ("moderate", ("read_only", "moderate", ""))],
)
def test_a_stage_lets_its_classes_run_and_streams_with_them(cast: Cast, stage: str, runs: tuple[str, ...]) -> None:
    stop = StandingStop(cast.acme.pk, cast.acme.pk, "organization", "", "Acme", "", stage, None, timezone.now())
    classes = ("read_only", "moderate", "dangerous", "unknown", "")
    assert tuple(one for one in classes if lets_through(stop, CALL._replace(risk=one))) == runs
    group = stop._replace(let_through=cast.sales.pk)
    assert lets_through(group, CALL._replace(risk="dangerous", groups=frozenset({cast.sales.pk})))


def test_an_agents_page_says_that_it_is_stopped(cast: Cast, alice: Client) -> None:
    agent = Agent.objects.create(organization=cast.acme, name="Nightly report", owner=cast.dana)
    alice.post(reverse("stops:new", args=["agent"]), said("agent", subject=str(agent.pk)))
    assert "Stopped in an emergency" in text(alice.get(reverse("agents:detail", args=[agent.pk])))
