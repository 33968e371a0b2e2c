"""Whatever changes between an approval and its run, nothing runs, and the ticket says what has changed.

`make approvals` makes 20,000 changes; each day makes some hundred.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now

from approvals.actions.approve_action import approve_action
from approvals.actions.hold_action import hold_action
from approvals.models import PendingAction
from connectors.access.facts import OrganizationFacts, RuleRow, ToolRow, ToolsById
from connectors.access.pinned import Pinned
from harriet.gateway.content.results import Fields
from harriet.gateway.errors import ToolRefusal
from harriet.gateway.policy.grant import Grant
from harriet.gateway.policy.snapshot import view_of
from harriet.gateway.policy.view import Views
from harriet.gateway.runtime import Runtime
from harriet.gateway.steps.approved import run_approved
from harriet.gateway.steps.bound import as_shown, bound_to, held_call_of
from harriet.gateway.steps.request import Call
from harriet.lib.ids import new_id
from harriet.people.actors import actor_of
from tests.campaigns import count
from tests.stage.cast import Cast
from tests.stage.facts import snapshot_of
from tests.stage.office import Office

CHANGES = count(each_day=200, whole=20_000)
TEXT = {"text": "Dear Ana, here is our offer.", "amount": 1200, "to": ["ana@example.test"]}
pytestmark = pytest.mark.django_db(transaction=True)

Change = Callable[[Call, random.Random], tuple[Call, str]]
"""Another call than was approved, and what is told of it."""


def with_facts(call: Call, facts: OrganizationFacts) -> Call:
    snapshot = replace(call.snapshot, facts=facts, views=Views(), frames={}, entrances={})
    return replace(call, snapshot=snapshot, profile=facts.profiles[call.profile.id])


def with_tool(call: Call, change: Callable[[ToolRow], ToolRow]) -> Call:
    facts = call.snapshot.facts
    tools = ToolsById({key: change(row) if row.name == "echo" else row for key, row in facts.tools.items()})
    return with_facts(call, replace(facts, tools=tools))


def other_arguments(call: Call, chance: random.Random) -> tuple[Call, str]:
    raw = bytearray(call.arguments)
    at = chance.randrange(len(raw))
    if chance.random() < 0.5:
        raw[at] ^= 1 << chance.randrange(8)
    else:
        raw.insert(at, chance.choice(b" \t\n0x\x00"))
    return replace(call, arguments=bytes(raw)), "The arguments have changed."


def other_meta(call: Call, chance: random.Random) -> tuple[Call, str]:
    meta = json.dumps({"com.example/order": chance.random()}).encode()
    return replace(call, bound_meta=meta), "What the client sends beside the arguments has changed."


def other_definition(call: Call, chance: random.Random) -> tuple[Call, str]:
    def changed(row: ToolRow) -> ToolRow:
        return replace(row, pinned=Pinned(chance.randbytes(32), row.pinned.raw))

    return with_tool(call, changed), "The tool's definition has changed."


def withdrawn_tool(call: Call, chance: random.Random) -> tuple[Call, str]:
    how, told = chance.choice(
        [
            ({"is_enabled": False}, "The tool was switched off."),
            ({"state": "quarantined"}, "The tool's definition has changed, and waits for your IT team."),
            ({"state": "removed"}, "The tool is no longer offered."),
            ({"connector_state": "paused"}, "CRM is switched off for now."),
            ({"groups": {}, "roles": frozenset()}, "The caller may no longer call this tool."),
        ]
    )
    return with_tool(call, lambda row: replace(row, facts=replace(row.facts, **how))), told


def other_connector(call: Call, chance: random.Random) -> tuple[Call, str]:
    def changed(row: ToolRow) -> ToolRow:
        return replace(row, connector=replace(row.connector, revision=row.connector.revision + chance.randrange(1, 9)))

    return with_tool(call, changed), "How Harriet reaches the connector has changed."


def other_credential(call: Call, chance: random.Random) -> tuple[Call, str]:
    ((connector_id, sealed),) = call.snapshot.credentials.items()
    other: dict[Any, Any] = chance.choice(
        [
            {},
            {connector_id: replace(sealed, version=sealed.version + 1)},
            {connector_id: replace(sealed, credential_id=new_id())},
        ]
    )
    return replace(call, snapshot=replace(call.snapshot, credentials=other)), "The credential was replaced."


def other_policy(call: Call, chance: random.Random) -> tuple[Call, str]:
    facts, crm = call.snapshot.facts, next(iter(call.snapshot.facts.connectors))
    rule = RuleRow(new_id(), crm, None, "true", "hold", "Everything is looked at.")
    strict = {key: replace(row, trust="manual") for key, row in facts.profiles.items()}
    return chance.choice(
        [
            with_tool(call, lambda row: replace(row, risk="dangerous")),
            with_tool(call, lambda row: replace(row, connector=replace(row.connector, deciders="two_people"))),
            with_tool(call, lambda row: replace(row, requires_confirmation=False)),
            with_facts(call, replace(facts, rules={crm: (rule,)})),
            with_facts(call, replace(facts, profiles=strict)),
            replace(call, principal=replace(call.principal, trust="manual")),
        ]
    ), "The approval policy has changed."


def other_caller(call: Call, chance: random.Random) -> tuple[Call, str]:
    somebody = "It is called by somebody else, or through another profile."
    principal, profile = call.principal, call.profile
    nobody = replace(principal.caller, is_active=False)
    elsewhere = replace(profile, id=new_id())
    facts = call.snapshot.facts
    moved = replace(facts, profiles={elsewhere.id: elsewhere})
    return chance.choice(
        [
            (replace(call, principal=replace(principal, token_id=new_id())), somebody),
            (replace(call, principal=replace(principal, user_id=new_id())), somebody),
            (with_facts(replace(call, profile=elsewhere), moved), somebody),
            (replace(call, principal=replace(principal, caller=nobody)), "This profile is no longer the caller's."),
        ]
    )


def late(call: Call, chance: random.Random) -> tuple[Call, str]:
    over = timedelta(seconds=chance.randrange(1, 100_000))
    PendingAction.objects.update(expires_at=Now() - over)
    return call, "The time of the approval is over."


ALL: tuple[Change, ...] = (
    other_arguments, other_meta, other_definition, withdrawn_tool, other_connector, other_credential, other_policy,
    other_caller, late,
)  # fmt: skip


def test_nothing_runs_that_is_not_what_was_approved(committed_cast: Cast) -> None:
    office = Office(committed_cast, "http://127.0.0.1:9/mcp")
    type(office.tools["echo"]).objects.filter(name="echo").update(requires_confirmation=True)
    call, grant = asked_for(office)
    held = hold_action(held_call_of(call, grant), actor=call.principal.actor)
    approve_action(PendingAction.objects.get(pk=held.action_id), actor=actor_of(committed_cast.bob))
    PendingAction.objects.update(expires_at=Now() + timedelta(days=2))
    agreed, good_until = bound_to(call, grant), PendingAction.objects.get().expires_at
    stops = Runtime().stops
    chance, seen, ran = random.Random(2026), Counter[str](), []

    async def run(call: Call, grant: Grant) -> Fields:
        ran.append(call.arguments)
        return {}

    async def try_all() -> None:
        for number in range(CHANGES):
            change = ALL[number % len(ALL)]
            other, told = await asyncio.to_thread(change, call, chance)
            with pytest.raises(ToolRefusal):
                await run_approved(held.action_id, agreed, other, grant.tool.id, run, lambda task: None, stops)
            action = await PendingAction.objects.aget()
            assert (action.state, action.outcome_reason) == (PendingAction.State.INVALID, told), change.__name__
            seen[told] += 1
            await PendingAction.objects.aupdate(
                state=PendingAction.State.APPROVED, outcome_reason="", expires_at=good_until
            )
        assert ran == []
        await run_approved(held.action_id, agreed, call, grant.tool.id, run, lambda task: None, stops)

    asyncio.run(try_all())
    assert ran == [call.arguments], "as it was approved it runs"
    assert sum(seen.values()) == CHANGES and len(seen) == 14


def asked_for(office: Office) -> tuple[Call, Grant]:
    snapshot = snapshot_of(office.cast.acme.id, office.token)
    (principal,), profile = snapshot.callers.known().values(), snapshot.profiles["work"]
    call = as_shown(
        Call(snapshot, principal, profile, "echo", json.dumps(TEXT).encode(), TEXT, meta={"com.example/order": 7})
    )
    grant = view_of(snapshot, principal, profile).grants["echo"]
    call.gate = grant.gate
    return call, grant
