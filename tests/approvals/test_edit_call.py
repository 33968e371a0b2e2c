"""Whoever decides changes what a call sends: read as strictly as a client's, judged by today's rules, bound anew."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256

import pytest
from django.db import connections

from approvals.actions.approve_action import approve_action
from approvals.actions.collect_result import collect_result
from approvals.actions.edit_action import edit_action
from approvals.actions.finish_action import finish_action
from approvals.actions.take_action import take_action
from approvals.errors import ApprovalError, NotYours, TooLate
from approvals.models import Decision, PendingAction
from approvals.queries import approved_call, held_of
from approvals.sealed_parts import sent_of
from audit.actor import SYSTEM
from audit.models import Event
from connectors.actions.set_deciders import set_deciders
from connectors.models import Tool, ToolPermission
from harriet.people.models import Notice
from harriet.people.roles import Role
from tests.stage.cast import Cast, person
from tests.stage.held_calls import Mailing, call_of, hold, make_mailing
from tests.stage.profiles import profile
from tests.stage.tokens import device_credential

SCHEMA = {"type": "object", "properties": {"to": {"type": "string"}, "n": {"type": "integer", "maximum": 10}}}
ASKED, BETTER = b'{"to":"max@example.test","n":1}', b'{"to": "max@acme.test", "n": 2}'


def with_schema(mailing: Mailing) -> Mailing:
    """Dana's laptop calls a tool with a schema, in a profile of hers."""
    version = mailing.tool.versions.get()
    version.definition = {"name": "send_mail", "inputSchema": SCHEMA}
    version.save()
    Tool.objects.filter(pk=mailing.tool.pk).update(risk_override="moderate")
    mailing.tool.refresh_from_db()
    ToolPermission.objects.create(tool=mailing.tool, group=mailing.cast.sales)
    return mailing


def ask(mailing: Mailing) -> PendingAction:
    cast = mailing.cast
    token = device_credential(cast.acme, cast.dana, "laptop").token
    work = profile(cast.acme, mailing.tool.connector, groups=[cast.sales])
    reason = "This tool requires confirmation: an approver decides on each call."
    call = call_of(mailing.tool, cast.dana, ASKED, profile=work, token=token, reason=reason)
    return mailing.action(hold(call))


@pytest.fixture
def mailing(mailing: Mailing) -> Mailing:
    return with_schema(mailing)


@pytest.fixture
def asked(mailing: Mailing) -> PendingAction:
    return ask(mailing)


def test_bob_changes_a_call_and_that_one_runs(mailing: Mailing, asked: PendingAction) -> None:
    cast = mailing.cast
    became = edit_action(asked, BETTER, reason="He left.", actor=cast.actor(cast.bob))
    action = mailing.action(held_of(asked.pk))
    assert (became, action.state, action.edition) == ("runs", "approved", 1)
    stored = approved_call(action.pk)
    assert stored is not None and stored.arguments == BETTER == sent_of(action).arguments
    assert stored.binding == action.agreed != bytes(action.binding)
    assert stored.edited is not None and [str(one) for one in stored.edited.changes] == [
        'to: "max@example.test" became "max@acme.test"',
        "n: 1 became 2",
    ]
    event = Event.objects.get(code="action.edited")
    digests = [event.fields["details"][f"arguments_{when}"] for when in ("before", "after")]
    assert digests == [sha256(one).hexdigest() for one in (ASKED, BETTER)]
    told = Notice.objects.get(user=cast.dana, key__startswith="changed").text
    assert "was changed by Bob: to:" in told and told.endswith("He left.")


def test_the_first_call_repeated_collects_what_came_of_the_changed_one_once(
    mailing: Mailing, asked: PendingAction
) -> None:
    cast = mailing.cast
    edit_action(asked, BETTER, reason="He left.", actor=cast.actor(cast.bob))
    call = replace(
        mailing.call(ASKED), binding=bytes(asked.binding), token_id=asked.token_id, profile_id=asked.profile_id
    )
    assert hold(call).action_id == asked.pk
    take_action(asked.pk, actor=SYSTEM)
    finish_action(asked.pk, b"{}", actor=SYSTEM)
    assert hold(call).action_id == asked.pk
    assert [collect_result(asked.pk, actor=SYSTEM) for _ in range(2)] == [b"{}", None]
    assert hold(call).action_id != asked.pk


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (b'{"to":"a","to":"b"}', "appears twice"),
        (b'{"n":NaN}', "NaN is not a JSON number"),
        (b'{"n":1e999}', "too large"),
        (b'{"to":"\\ud800"}', "Unicode"),
        (b'{"to":"\xff"}', "Unicode"),
        (b"[" * 70 + b"]" * 70, "nested deeper"),
        (b'["to"]', "one JSON object"),
        (b"", "not valid JSON"),
        (b'{"to":"' + b"a" * (17 * 2**20) + b'"}', "larger than what a client may send"),
        (b'{"n":11}', "don't fit the tool's schema"),
        (b' {"to": "max@example.test", "n": 1} ', "Nothing was changed"),
    ],
)
def test_what_a_client_could_not_send_nobody_can(
    mailing: Mailing, asked: PendingAction, arguments: bytes, why: str
) -> None:
    with pytest.raises(ApprovalError, match=why) as refused:
        edit_action(asked, arguments, reason="So.", actor=mailing.cast.actor(mailing.cast.bob))
    assert refused.value.field == "arguments"
    assert (held_of(asked.pk).state, held_of(asked.pk).edition) == ("waiting", 0)


def test_a_call_that_its_caller_may_not_make_any_more_is_not_changed(mailing: Mailing, asked: PendingAction) -> None:
    ToolPermission.objects.all().delete()
    with pytest.raises(ApprovalError, match="may not call this any more"):
        edit_action(asked, BETTER, reason="So.", actor=mailing.cast.actor(mailing.cast.bob))
    mailing.cast.dana.memberships.update(is_active=False)
    with pytest.raises(ApprovalError, match="access ended"):
        edit_action(asked, BETTER, reason="So.", actor=mailing.cast.actor(mailing.cast.bob))


def test_what_is_riskier_now_waits_for_somebody_else(mailing: Mailing, asked: PendingAction) -> None:
    cast = mailing.cast
    Tool.objects.filter(pk=mailing.tool.pk).update(risk_override="dangerous")
    bob = cast.actor(cast.bob)
    assert edit_action(asked, BETTER, reason="He left.", actor=bob) == "waits again"
    action = mailing.action(held_of(asked.pk))
    assert (action.state, action.edition, action.risk) == ("waiting", 1, "dangerous")
    with pytest.raises(NotYours, match="You changed what this call sends"):
        approve_action(action, actor=bob)
    with pytest.raises(TooLate, match="was changed in the meantime"):
        approve_action(action, edition=0, actor=cast.actor(cast.alice))
    assert approve_action(action, edition=1, actor=cast.actor(cast.alice))


def test_a_change_voids_the_first_of_two_approvals(mailing: Mailing, asked: PendingAction) -> None:
    cast = mailing.cast
    eve = person(cast.acme, "Eve", Role.APPROVER)
    set_deciders(mailing.tool.connector, "two_people", actor=SYSTEM)
    asked = mailing.action(held_of(asked.pk))
    approve_action(asked, actor=cast.actor(cast.bob))
    assert edit_action(asked, BETTER, reason="He left.", actor=cast.actor(eve)) == "waits for the second"
    with pytest.raises(NotYours, match="already"):
        approve_action(mailing.action(held_of(asked.pk)), actor=cast.actor(eve))
    with pytest.raises(TooLate, match="was changed in the meantime"):
        approve_action(asked, actor=cast.actor(cast.bob))
    assert approve_action(mailing.action(held_of(asked.pk)), actor=cast.actor(cast.bob))
    assert json.loads(sent_of(mailing.action(held_of(asked.pk))).arguments)["n"] == 2


def test_who_may_not_decide_learns_nothing_and_changes_nothing(mailing: Mailing, asked: PendingAction) -> None:
    for who in (mailing.cast.dana, mailing.cast.charlie):
        with pytest.raises(NotYours):
            edit_action(asked, b'{"n":11}', reason="So.", actor=mailing.cast.actor(who))
    with pytest.raises(ApprovalError, match="Say why"):
        edit_action(asked, BETTER, reason=" ", actor=mailing.cast.actor(mailing.cast.bob))


@pytest.mark.django_db(transaction=True)
def test_of_a_change_and_decisions_at_the_same_moment_each_is_about_what_was_seen(committed_cast: Cast) -> None:
    """Whatever comes first: nothing runs that nobody approved as it runs."""
    mailing, cast = with_schema(make_mailing(committed_cast)), committed_cast
    eve = person(cast.acme, "Eve", Role.APPROVER)
    set_deciders(mailing.tool.connector, "two_people", actor=SYSTEM)
    asked = ask(mailing)
    ends: list[Callable[[], object]] = [
        lambda: approve_action(asked, actor=cast.actor(cast.bob)),
        lambda: edit_action(asked, BETTER, reason="He left.", actor=cast.actor(eve)),
        lambda: edit_action(asked, b'{"n":3}', reason="So.", actor=cast.actor(cast.alice)),
    ]

    def tried(end: Callable[[], object]) -> bool:
        try:
            end()
        except ApprovalError:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(len(ends)) as threads:
        done = list(threads.map(tried, ends))
    action = mailing.action(held_of(asked.pk))
    assert (action.state, action.edition) == ("waiting", 1)
    assert sum(done[1:]) == 1 and sent_of(action).arguments == (BETTER if done[1] else b'{"n":3}')
    standing = Decision.objects.filter(action=action, edition=1)
    assert [one.approver for one in standing] == [eve if done[1] else cast.alice]
