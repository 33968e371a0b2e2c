"""What Alice is told of the gate is what the gate does: why, as whom, with which policy, and what runs unasked."""

from __future__ import annotations

from typing import Any

from django.test import Client

from audit.actor import Label
from audit.events import CALL_INTENT, CALL_REFUSED
from connectors.access.load import load
from connectors.models import Profile, Risk, Tool
from harriet.console.explain.coverage import coverage_rows, ungated
from harriet.console.explain.replay import Draft, replay
from harriet.console.explain.why import answers
from harriet.gateway.policy.principal import load_principals
from harriet.gateway.policy.view import compiled_view, may_enter
from harriet.people.models import Membership
from harriet.people.trust import Trust
from tests.stage.cast import Cast
from tests.stage.company import make_busy_company
from tests.stage.connectors import allow, connector, tool
from tests.stage.events import remember
from tests.stage.held_calls import call_of, hold
from tests.stage.profiles import profile


def test_each_answer_is_the_gateways(cast: Cast) -> None:
    make_busy_company(cast)
    Profile.objects.filter(organization=cast.acme).update(trust=Trust.SUPERVISED)
    facts = load(cast.acme.pk)
    judged = 0
    for principal in load_principals(facts).values():
        if principal.user_id is None or principal.only_profile_id or principal.scopes is not None:
            continue
        membership = Membership.objects.select_related("user", "organization").get(
            organization=cast.acme, user=principal.user_id
        )
        for chosen in Tool.objects.filter(organization=cast.acme).order_by("pk")[:40]:
            for answer in answers(membership, chosen):
                row = facts.profiles[answer.profile.id]
                view = compiled_view(facts, principal, row) if may_enter(principal, row) else None
                held = (view.grants, view.prompts, view.resources) if view else ()
                grant = next((one for kind in held for one in kind.values() if one.tool.id == chosen.pk), None)
                assert (grant.gate.kind if grant else "refuse") == answer.kind, (chosen, answer)
                assert grant is None or grant.gate.reason == answer.reason or (answer.gate and answer.gate.scopes)
                judged += 1
    assert judged > 50


def test_what_runs_unasked_is_what_the_rules_let_run(cast: Cast) -> None:
    make_busy_company(cast)
    quiet = profile(cast.acme, groups=[cast.sales], slug="quiet", trust=Trust.MANUAL)
    crm = connector(cast.acme, "http://127.0.0.1:9/mcp", slug="quiet", name="Quiet")
    quiet.connectors.add(crm)
    allow(cast.sales, [tool(crm, {"name": "read_quietly"})])
    found = {one.pk for one in ungated(cast.acme)}
    facts = load(cast.acme.pk)
    expected = set()
    for row in facts.tools.values():
        in_profiles = [
            one
            for one in facts.profiles.values()
            if row.connector.id in one.facts.connector_ids or row.id in one.facts.tool_ids
        ]
        runs = any(one.trust != Trust.MANUAL for one in in_profiles)
        is_given = bool(row.facts.groups or row.facts.roles)
        offered = row.facts.connector_state == "active" and row.facts.state == "pinned" and row.facts.is_enabled
        if runs and is_given and offered and not row.requires_confirmation and row.risk == Risk.READ_ONLY:
            expected.add(row.id)
    assert found == expected
    assert found
    rows = coverage_rows(cast.acme, list(ungated(cast.acme)[:20]))
    assert all(row.profiles and row.grantees for row in rows)


def make_calls(cast: Cast) -> tuple[Tool, Profile]:
    crm = connector(cast.acme, "http://127.0.0.1:9/mcp")
    write = tool(crm, {"name": "update_deal"}, risk_proposed=Risk.MODERATE)
    read = tool(crm, {"name": "find_deal"}, risk_proposed=Risk.READ_ONLY)
    work = profile(cast.acme, crm, groups=[cast.sales])
    named: dict[str, Any] = {"profile": Label(work.pk, work.name), "person": Label(cast.dana.pk, "Dana")}
    for _ in range(3):
        remember(CALL_INTENT, cast.acme.pk, tool=Label(write.pk, write.name), decision="run", reason="", **named)
    for _ in range(5):
        remember(CALL_INTENT, cast.acme.pk, tool=Label(read.pk, read.name), decision="run", reason="", **named)
    hold(call_of(write, cast.dana, profile=work))
    ticket = Label(work.pk, "#1")
    remember(CALL_INTENT, cast.acme.pk, tool=Label(write.pk, write.name), ticket=ticket, decision="hold", **named)
    remember(CALL_REFUSED, cast.acme.pk, tool=Label(read.pk, read.name), reason="No.", asked_for="find_deal", **named)
    return write, work


def test_a_draft_is_asked_about_the_calls_that_were(cast: Cast) -> None:
    write, work = make_calls(cast)
    strict = replay(cast.acme, Draft(Trust.MANUAL))
    assert strict.was == {"run": 8, "hold": 1, "refuse": 1}  # what ran after its approval counts as what waited
    assert strict.would == {"hold": 9, "refuse": 1}
    assert strict.load.decisions == 9
    assert strict.load_was.decisions == 1
    usual = replay(cast.acme, Draft(Trust.SUPERVISED, work.pk))
    assert usual.would == {"run": 5, "hold": 4, "refuse": 1}
    assert [one.tool for one in usual.changes] == [write]
    elsewhere = profile(cast.acme, groups=[cast.sales], slug="elsewhere")
    assert replay(cast.acme, Draft(Trust.MANUAL, elsewhere.pk)).would == strict.was
    write.delete()
    assert replay(cast.acme, Draft(Trust.MANUAL)).gone == 3  # its held calls went with it


def test_pages_say_it_and_change_nothing(cast: Cast, client: Client) -> None:
    write, work = make_calls(cast)
    allow(cast.sales, [write])
    client.force_login(cast.alice)
    dana = Membership.objects.get(organization=cast.acme, user=cast.dana)
    why = client.get(f"/settings/explain/?person={dana.pk}&tool={write.pk}").content.decode()
    assert "Yes, and each call waits for approval." in why
    seen = client.get(f"/settings/explain/view-as/?person={dana.pk}&profile={work.pk}").content.decode()
    assert "update_deal" in seen and "Waits" in seen
    tried = client.get("/settings/explain/policy/?trust=manual").content.decode()
    assert "Decisions a day" in tried
    assert client.get("/settings/explain/coverage/").status_code == 200
    for path in ("", "view-as/", "policy/", "coverage/"):
        assert client.post(f"/settings/explain/{path}").status_code == 405
        assert (
            client.get(f"/settings/explain/{path}?person=x&tool=y&profile=z&trust=w&after=q&show=r").status_code < 500
        )
    client.force_login(cast.dana)
    assert client.get(f"/settings/explain/?person={dana.pk}&tool={write.pk}").status_code == 403
    client.force_login(cast.charlie)
    assert b"update_deal" not in client.get(f"/settings/explain/?person={dana.pk}&tool={write.pk}").content
