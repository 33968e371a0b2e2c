"""What Alice is told of the gate is what the gate does: why, as whom, with which policy, and what runs unasked."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape
from typing import Any

from django.test import Client

from audit.actor import Label
from audit.events import CALL_INTENT, CALL_REFUSED
from connectors.access.load import load
from connectors.models import ArgumentRule, CallLimit, LimitCount, Profile, Risk, Tool
from harriet.console.explain.coverage import coverage_rows, ungated
from harriet.console.explain.replay import Draft, replay
from harriet.console.explain.why import answers
from harriet.gateway.policy.view import compiled_view, may_enter
from harriet.people.models import Membership, Stop
from harriet.people.trust import Trust
from tests.stage.cast import Cast
from tests.stage.company import make_busy_company
from tests.stage.connectors import allow, connector, tool
from tests.stage.events import remember
from tests.stage.facts import bearers_in
from tests.stage.held_calls import call_of, hold
from tests.stage.profiles import profile


def test_each_answer_is_the_gateways(cast: Cast) -> None:
    make_busy_company(cast)
    Profile.objects.filter(organization=cast.acme).update(trust=Trust.SUPERVISED)
    facts = load(cast.acme.pk)
    judged = 0
    for principal in bearers_in(cast.acme.pk).values():
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


def text_of(answer: Any) -> str:
    return " ".join(unescape(re.sub("<[^>]+>", "", answer.content.decode())).split())


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


def test_a_rule_and_who_decides_are_tried_on_the_same_calls(cast: Cast, client: Client) -> None:
    write, _work = make_calls(cast)
    refused = replay(cast.acme, Draft(effect="refuse", tool_id=write.pk))
    assert refused.would == {"run": 5, "refuse": 5}, "all of the tool, and what was refused"
    held = replay(cast.acme, Draft(effect="hold", tool_id=write.pk))
    assert (held.would, held.load.decisions) == ({"run": 5, "hold": 4, "refuse": 1}, 4)
    assert replay(cast.acme, Draft(Trust.AUTONOMOUS, effect="refuse", tool_id=write.pk)).would["refuse"] == 5
    two = replay(cast.acme, Draft(effect="hold", tool_id=write.pk, deciders="two_people"))
    assert (two.load.decisions, two.load_was.decisions, two.load.own) == (8, 1, 0)
    own = replay(cast.acme, Draft(effect="hold", tool_id=write.pk, deciders="requester"))
    assert (own.load.decisions, own.load.own) == (0, 4), "she may decide herself"
    elsewhere = connector(cast.acme, "http://127.0.0.1:9/mcp", slug="elsewhere")
    kept = replay(cast.acme, Draft(effect="hold", tool_id=write.pk, deciders="two_people", connector_id=elsewhere.pk))
    assert kept.load.decisions == 4
    Tool.objects.filter(pk=write.pk).update(risk_override="dangerous")
    strict = replay(cast.acme, Draft(effect="hold", tool_id=write.pk, deciders="requester"))
    assert (strict.load.decisions, strict.load.own) == (4, 0), "nobody decides on their own dangerous call"
    client.force_login(cast.alice)
    said = f"/settings/explain/policy/?effect=refuse&tool={write.pk}&deciders=two_people"
    page = text_of(client.get(said))
    assert "Refuse each call of update_deal; held calls of all connectors decided by two approvers" in page
    assert "No rule on arguments looks at any of these calls." in page
    assert "with a condition it stops as many at most" in page
    for query, problem in (
        ("", "What another trust level"),
        ("?trust=", "Choose something to try"),
        ("?effect=hold", "A rule needs both"),
    ):
        assert problem in client.get(f"/settings/explain/policy/{query}").content.decode(), query


def test_it_is_told_how_many_calls_rules_look_at_and_that_their_arguments_are_not_known(
    cast: Cast, client: Client
) -> None:
    write, _work = make_calls(cast)
    rule = {
        "organization": cast.acme,
        "connector": write.connector,
        "expression": "true",
        "sentence": "Large ones wait.",
    }
    of_tool = ArgumentRule.objects.create(tool=write, **rule)
    assert replay(cast.acme, Draft(Trust.MANUAL)).ruled == 4
    of_tool.delete()
    ArgumentRule.objects.create(**rule)
    ArgumentRule.objects.create(is_on=False, **rule)
    assert replay(cast.acme, Draft(Trust.MANUAL)).ruled == 9, "all of the connector's tools, but for what was refused"
    client.force_login(cast.alice)
    page = text_of(client.get("/settings/explain/policy/?trust=manual"))
    assert (
        "Rules on arguments would have looked at 9 of these calls. What such a rule would have said is not known"
        in page
    )


def why(client: Client, cast: Cast, tool: Tool) -> str:
    dana = Membership.objects.get(organization=cast.acme, user=cast.dana)
    return text_of(client.get(f"/settings/explain/?person={dana.pk}&tool={tool.pk}"))


def test_a_stop_that_stands_says_no_with_its_reason(cast: Cast, client: Client) -> None:
    write, _work = make_calls(cast)
    allow(cast.sales, [write])
    client.force_login(cast.alice)
    assert "No emergency stop that stands is about it." in why(client, cast, write)

    def stop(kind: str, subject: str, **more: Any) -> Stop:
        said = {"label": "X", "reason": f"Reason of {kind}.", "began_by_label": "Alice", "organization": cast.acme}
        return Stop.objects.create(kind=kind, subject=subject, **(said | more))

    stop("person", str(cast.bob.pk), reason="Bob's.")
    stop("connector", str(cast.acme.pk), reason="Another's.")
    stop("organization", "", organization=cast.globex, reason="Elsewhere.")
    stop("client_name", "claude code")
    page = why(client, cast, write)
    assert "Yes, and each call waits" in page and "are stopped since" in page and "Reason of client_name." in page
    assert not any(other in page for other in ("Bob's.", "Another's.", "Elsewhere."))
    standing = stop("risk", "moderate")
    page = why(client, cast, write)
    assert "No. Stopped since" in page and "Reason of risk." in page
    standing.let_through = cast.sales
    standing.save()
    assert "lets this run again" in why(client, cast, write) and "Yes, and each call" in why(client, cast, write)


def test_a_limit_that_is_reached_says_no_until_midnight(cast: Cast, client: Client) -> None:
    write, _work = make_calls(cast)
    allow(cast.sales, [write])
    client.force_login(cast.alice)
    today = datetime.now(UTC).date()

    def limit(kind: str, **more: Any) -> CallLimit:
        return CallLimit.objects.create(**({"organization": cast.acme, "kind": kind} | more))

    mine = limit("person", per_day=100)
    limit("connector", per_minute=60)
    limit("person", per_day=4321, person=Membership.objects.get(organization=cast.acme, user=cast.bob))
    limit("person", per_day=1234, organization=cast.globex)
    LimitCount.objects.create(limit=mine, subject_id=cast.bob.pk, day=today, calls=100)
    count = LimitCount.objects.create(limit=mine, subject_id=cast.dana.pk, day=today, calls=99)
    page = why(client, cast, write)
    assert "The limit of calls for each person: 100 a day. 99 used today." in page
    assert "How much of a minute is used is not kept." in page
    assert "Yes, and each call waits" in page and "4,321" not in page and "1,234" not in page
    count.calls = 100
    count.save()
    page = why(client, cast, write)
    assert "At the limit of 100 calls a day for dana@acme.test: 100 used. Until midnight UTC calls are refused." in page
    assert "No. At the limit" in page
    mine.counts, write.risk_override = "writes", "read_only"
    mine.save()
    write.save()
    assert "Yes, and it runs at once." in why(client, cast, write), "a limit of writes is none of reads"


def test_rules_on_the_arguments_are_told(cast: Cast, client: Client) -> None:
    write, work = make_calls(cast)
    allow(cast.sales, [write])
    rule = {
        "organization": cast.acme,
        "connector": write.connector,
        "expression": "true",
        "sentence": "Large ones wait.",
    }
    ArgumentRule.objects.create(tool=write, **rule)
    Tool.objects.filter(pk=write.pk).update(risk_override="read_only")
    client.force_login(cast.alice)
    assert "Unless a rule holds the call:" in why(client, cast, write)
    dana = Membership.objects.get(organization=cast.acme, user=cast.dana)
    seen = client.get(f"/settings/explain/view-as/?person={dana.pk}&profile={work.pk}").content.decode()
    assert "unless a rule on its arguments stops it" in seen


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
