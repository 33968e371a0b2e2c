"""What the gate says of a call: trust of profile and device, scopes with an end, rules on its arguments."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from approvals.gate import GateDecision
from approvals.models import PendingAction
from audit.models import Event
from connectors.actions.change_profile import change_profile
from connectors.actions.end_scope import end_scope
from connectors.actions.make_scope import make_scope
from connectors.actions.save_argument_rule import save_argument_rule
from connectors.models import AutonomousScope, Risk, Tool
from harriet.gateway.policy.snapshot import view_of
from harriet.gateway.steps.gate import judged
from harriet.gateway.steps.request import Call
from harriet.gateway.tasks import run_approved_action
from harriet.people.actions.set_device_trust import set_device_trust
from harriet.people.actors import actor_of
from harriet.people.errors import NotAllowed
from harriet.people.models import Device
from tests.gateway.test_hold_call import approve, hold_for, the_action
from tests.stage.clients import Client
from tests.stage.facts import snapshot_of
from tests.stage.office import Office
from tests.stage.processes import Upstream
from tests.stage.waiting import wait_for

pytestmark = pytest.mark.django_db(transaction=True)


def decision(office: Office, name: str, arguments: dict[str, Any], later: timedelta = timedelta()) -> GateDecision:
    """As a gateway that has heard of everything says it, so much later."""
    snapshot = snapshot_of(office.cast.acme.id, office.token)
    (principal,) = snapshot.callers.known().values()
    profile = snapshot.profiles["work"]
    raw = json.dumps(arguments).encode()
    call = Call(snapshot, principal, profile, name, raw, arguments, client="by hand")
    grant = view_of(snapshot, principal, profile).grants[name]
    return judged(call, grant, (timezone.now() + later).timestamp())


def test_a_scope_lets_run_what_it_covers_and_ends_by_itself(office: Office) -> None:
    alice = actor_of(office.cast.alice)
    Tool.objects.filter(name="echo").update(risk_override=Risk.MODERATE)
    Tool.objects.filter(name="slow").update(risk_override=Risk.UNKNOWN)
    Tool.objects.filter(name="fail").update(risk_override=Risk.DANGEROUS)
    assert decision(office, "echo", {}).kind == "hold", "a profile is supervised"
    assert decision(office, "weather", {}).kind == "run"
    change_profile(office.work, trust="autonomous", actor=alice)
    assert decision(office, "echo", {}).reason.endswith("no scope that holds lets this call run unasked.")
    until = timezone.now() + timedelta(hours=1)
    scope = make_scope(
        office.work, name="Night", reason="Every night.", classes=["moderate"], condition="args.text != 'drop'",
        expires_at=until, actor=alice,
    )  # fmt: skip
    assert decision(office, "echo", {"text": "hello"}) == GateDecision(
        "run", f"The scope “Night” lets it run unasked until {until:%Y-%m-%d %H:%M} UTC."
    )
    for arguments in ({"text": "drop"}, {}, {"text": 1, "x": [1] * 20_000}):
        assert decision(office, "echo", arguments).kind == "hold"
    assert decision(office, "slow", {"text": "hello"}).kind == "hold", "of unknown risk, and not named"
    assert decision(office, "fail", {"text": "hello"}).kind == "hold", "dangerous under every scope"
    assert decision(office, "echo", {"text": "hello"}, timedelta(minutes=61)).kind == "hold", "its time is over"
    named = make_scope(
        office.work, name="One", reason="Slow, but safe.", tools=[office.tools["slow"]], expires_at=until, actor=alice
    )
    assert decision(office, "slow", {}).kind == "run"
    Tool.objects.filter(name="slow").update(requires_confirmation=True)
    assert decision(office, "slow", {}).kind == "hold", "confirmation stands above every scope"
    Tool.objects.filter(name="slow").update(requires_confirmation=False)
    assert end_scope(named, actor=alice) and not end_scope(named, actor=alice)
    assert decision(office, "slow", {}).kind == "hold"
    AutonomousScope.objects.filter(pk=scope.pk).update(ended_at=None)
    change_profile(office.work, trust="supervised", actor=alice)
    assert decision(office, "echo", {"text": "hello"}).kind == "hold", "a scope says nothing of a supervised profile"
    told = Event.objects.filter(code__in=["profile.scope_made", "profile.scope_ended"])
    assert sorted(told.values_list("code", flat=True)) == ["profile.scope_ended", *["profile.scope_made"] * 2]


def test_a_device_is_made_stricter_by_its_person_and_never_looser(office: Office) -> None:
    cast, device = office.cast, Device.objects.get(user=office.cast.dana)
    assert decision(office, "echo", {}).kind == "run"
    assert set_device_trust(device, "manual", actor=actor_of(cast.dana))
    held = decision(office, "echo", {})
    assert held == GateDecision("hold", "The trust level of this device is Manual: every call waits for approval.")
    assert set_device_trust(device, "", actor=actor_of(cast.dana)), "what she set she takes back"
    assert decision(office, "echo", {}).kind == "run"
    set_device_trust(device, "autonomous", actor=actor_of(cast.alice))
    Tool.objects.filter(name="echo").update(risk_override=Risk.MODERATE)
    assert decision(office, "echo", {}).kind == "hold", "a device loosens nothing"
    set_device_trust(device, "manual", actor=actor_of(cast.alice))
    for looser in ("", "supervised"):
        with pytest.raises(NotAllowed):
            set_device_trust(device, looser, actor=actor_of(cast.dana))
    with pytest.raises(NotAllowed):
        set_device_trust(device, "manual", actor=actor_of(cast.bob))
    assert Event.objects.filter(code="device.trust_changed").count() == 4


def test_rules_on_arguments_hold_and_refuse_what_would_have_run(
    office: Office, dana: Client, upstream: Upstream
) -> None:
    alice = actor_of(office.cast.alice)
    save_argument_rule(
        office.crm, tool=office.tools["echo"], expression="args.text.contains('secret')",
        sentence="Secrets are looked at.", actor=alice,
    )  # fmt: skip
    never = save_argument_rule(
        office.crm, tool=office.tools["echo"], expression="has(args.text) && args.text == 'never'",
        effect="refuse", sentence="This is never said.", actor=alice,
    )  # fmt: skip
    hold_for(office, 1, dana.gateway)
    listed = {one["name"]: one for one in dana.request("tools/list").result["tools"]}
    assert {"echo", "harriet_ticket_status"} <= listed.keys()
    assert dana.call("echo", {"text": "hello"}).text == "hello"
    assert "ticket #1" in dana.call("echo", {"text": "a secret"}).text
    assert the_action().reason == "Secrets are looked at."
    refused = dana.call("echo", {"text": "never"}).result
    assert refused["isError"] and refused["content"][0]["text"] == "This is never said."
    missing = dana.call("echo", {}).text
    assert "ticket #2" in missing
    assert "args.text is missing" in PendingAction.objects.latest("created_at").reason
    assert [entry["message"]["params"]["arguments"] for entry in upstream.calls] == [{"text": "hello"}]
    wait_for(Event.objects.filter(code="call.refused", body__contains="This is never said.").exists)
    PendingAction.objects.exclude(reason="Secrets are looked at.").update(state=PendingAction.State.WITHDRAWN)
    action = approve(office)
    save_argument_rule(
        office.crm, never, tool=office.tools["echo"], expression=never.expression, effect="hold",
        sentence="This is looked at.", actor=alice,
    )  # fmt: skip
    run_approved_action(str(action.id))
    action.refresh_from_db()
    assert action.state == PendingAction.State.INVALID
    assert action.outcome_reason == "The approval policy has changed."
    assert len(upstream.calls) == 1
