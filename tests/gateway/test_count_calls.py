"""Which limits concern a call, and when their windows are full: in one process, without the network."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from connectors.actions.add_limit import add_limit
from connectors.actions.set_breakers import set_breakers
from connectors.models import AtLimit, CallLimit, Connector, LimitCount, Tool
from harriet.gateway.errors import LimitReached
from harriet.gateway.limits.counts import DAY, MINUTE, Counts, Key
from harriet.gateway.limits.failing_tools import LAST, FailingTools
from harriet.gateway.limits.limits import Limits
from harriet.gateway.policy.grant import Grant
from harriet.gateway.policy.snapshot import view_of
from harriet.gateway.policy.snapshots import Snapshots
from harriet.gateway.processes.background import Background
from harriet.gateway.steps.request import Call, Sent
from harriet.gateway.steps.schema import Schemas
from harriet.lib.ids import new_id
from harriet.people.actions.create_agent import create_agent
from harriet.people.actions.issue_agent_credential import issue_agent_credential
from harriet.people.models import AccessToken, Device, Membership
from tests.servers.upstream import TOOLS
from tests.stage.cast import Cast
from tests.stage.connectors import connector, tools
from tests.stage.facts import snapshot_of
from tests.stage.profiles import profile
from tests.stage.tokens import device_token, shared_key
from tests.stage.waiting import wait_for_room_in

Kind = CallLimit.Kind
LIMIT, SUBJECT = new_id(), new_id()
NOON = 1_800_014_400
"""Unix seconds of a full minute."""
HOUR = 3600


@pytest.fixture(autouse=True)
def within_one_hour() -> None:
    wait_for_room_in(HOUR)


class Desk:
    """Acme as one process of the gateway knows it; Dana, an agent and a shared key may call everything."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.crm = connector(cast.acme, "https://crm.acme.test/mcp")
        self.tools = tools(self.crm, cast.sales, TOOLS)
        Tool.objects.filter(name="report").update(risk_override="moderate")
        profile(cast.acme, self.crm, groups=[cast.sales])
        agent = create_agent(cast.acme, "Night", "", cast.alice, [cast.sales], actor=cast.actor(cast.alice))
        self.agent = agent
        self.tokens = {
            "dana": device_token(cast.acme, cast.dana),
            "agent": issue_agent_credential(agent, "job", 30, None, actor=cast.actor(cast.alice))[1].reveal(),
            "key": shared_key(cast.acme, [cast.sales], cast.alice, "Nightly"),
        }
        self.limits = Limits(Snapshots(Background(), lambda slug: None))

    def limit(self, kind: str, subject: Any, **numbers: Any) -> CallLimit:
        return add_limit(self.cast.acme, kind, subject, **numbers, actor=self.cast.actor(self.cast.alice))

    def asked(self, who: str = "dana", tool: str = "echo", arguments: bytes = b"{}") -> tuple[Call, Grant]:
        snapshot = snapshot_of(self.cast.acme.pk, self.tokens[who])
        (principal,) = snapshot.callers.known().values()
        profile = snapshot.profiles["work"]
        call = Call(snapshot, principal, profile, tool, arguments, {})
        return call, view_of(snapshot, principal, profile).grants[tool]

    def call(self, who: str = "dana", tool: str = "echo", arguments: bytes = b"{}") -> bool:
        """Whether it would leave; then it counts."""
        call, grant = self.asked(who, tool, arguments)
        try:
            if self.limits.check(call, grant) is not None:
                return False
        except LimitReached:
            return False
        self.limits.count(call, grant)
        return True


@pytest.fixture
def desk(cast: Cast) -> Desk:
    return Desk(cast)


def member(desk: Desk, of: Any) -> Membership:
    return desk.cast.acme.memberships.get(user=of)


CASES: list[tuple[str, Callable[[Desk], Any], set[str]]] = [
    (Kind.PERSON, lambda desk: None, {"dana"}),
    (Kind.PERSON, lambda desk: member(desk, desk.cast.dana), {"dana"}),
    (Kind.PERSON, lambda desk: member(desk, desk.cast.alice), set()),
    (Kind.DEVICE, lambda desk: None, {"dana"}),
    (Kind.DEVICE, lambda desk: Device.objects.get(user=desk.cast.dana), {"dana"}),
    (Kind.AGENT, lambda desk: None, {"agent"}),
    (Kind.AGENT, lambda desk: desk.agent, {"agent"}),
    (Kind.KEY, lambda desk: None, {"key"}),
    (Kind.KEY, lambda desk: AccessToken.objects.get(name="Nightly"), {"key"}),
    (Kind.TOOL, lambda desk: desk.tools["echo"], {"dana", "agent", "key"}),
    (Kind.TOOL, lambda desk: desk.tools["slow"], set()),
    (Kind.CONNECTOR, lambda desk: None, {"dana", "agent", "key"}),
    (Kind.CONNECTOR, lambda desk: Connector.objects.get(), {"dana", "agent", "key"}),
]


@pytest.mark.django_db(transaction=True)
def test_a_limit_concerns_whom_it_names_and_nobody_else(desk: Desk) -> None:
    for number, (kind, subject, concerned) in enumerate(CASES):
        for who in ("dana", "agent", "key"):
            made = desk.limit(kind, subject(desk), per_day=1)
            assert desk.call(who), (number, who)
            assert desk.call(who) is (who not in concerned), (number, who)
            made.delete()


@pytest.mark.django_db(transaction=True)
def test_every_limit_that_concerns_a_call_applies(desk: Desk) -> None:
    desk.limit(Kind.PERSON, None, per_day=4)
    desk.limit(Kind.PERSON, member(desk, desk.cast.dana), per_day=100)
    desk.limit(Kind.PERSON, None, per_day=2, counts="writes")
    desk.limit(Kind.TOOL, desk.tools["slow"], per_day=1)
    called = [(tool, desk.call(tool=tool)) for tool in ("report", "report", "report", "slow", "slow", "echo", "echo")]
    assert [tool for tool, went in called if went] == ["report", "report", "slow", "echo"]
    assert desk.call("agent"), "what Dana used up is hers"
    assert not desk.call("key", "slow"), "what a tool was called, anybody called it"


@pytest.mark.django_db(transaction=True)
def test_the_same_call_again_and_again_is_stopped(desk: Desk) -> None:
    set_by = {"seconds": HOUR, "counts_reads": True, "stops_failing": True, "actor": desk.cast.actor(desk.cast.alice)}
    set_breakers(desk.cast.acme, repeats=5, at_limit=AtLimit.REFUSE, may_repeat=[desk.tools["slow"]], **set_by)
    assert [desk.call() for _ in range(7)] == [True] * 5 + [False] * 2
    assert desk.call(arguments=b'{"text":"other"}'), "another call is another call"
    assert desk.call("agent"), "so is somebody else's"
    assert all(desk.call(tool="slow") for _ in range(9)), "an admin excepted it"
    set_breakers(desk.cast.acme, repeats=0, at_limit=AtLimit.REFUSE, may_repeat=[], **set_by)
    assert all(desk.call() for _ in range(9))


@pytest.mark.django_db(transaction=True)
def test_what_came_too_often_while_the_database_was_away_adds_up(desk: Desk) -> None:
    made, exchange = desk.limit(Kind.PERSON, None, per_day=1), desk.limits.exchange

    async def story() -> None:
        exchange.turn_away(made.pk, SUBJECT, NOON)
        exchange.turn_away(made.pk, SUBJECT, NOON)
        saving = asyncio.create_task(exchange.settle())
        await asyncio.sleep(0)
        exchange.turn_away(made.pk, SUBJECT, NOON + 1)
        await saving

    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE connectors_limitcount RENAME TO away")
        try:
            asyncio.run(story())
        finally:
            cursor.execute("ALTER TABLE away RENAME TO connectors_limitcount")
    asyncio.run(exchange.settle())
    kept = LimitCount.objects.get(limit=made)
    assert kept.turned_away_at is not None
    assert (kept.turned_away, kept.turned_away_at.timestamp()) == (3, NOON + 1)


@pytest.mark.django_db(transaction=True)
def test_a_tool_that_works_again_goes_on_though_its_last_calls_are_forgotten(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harriet.gateway.limits.failing_tools.MOST_TOOLS", 1)
    (call, echo), (_, slow) = desk.asked(tool="echo"), desk.asked(tool="slow")

    async def story() -> None:
        background = Background()
        failing = FailingTools(background, Schemas())
        for _ in range(LAST):
            failing.saw(call, echo, Sent(problem=TimeoutError()))
        failing.saw(call, slow, Sent(problem=TimeoutError()))
        with pytest.raises(LimitReached, match="so calls of it pause"):
            failing.check(call, echo.tool)
        failing.saw(call, echo, Sent())
        failing.check(call, echo.tool)
        await background.stop()

    asyncio.run(story())


def test_windows_fill_and_begin_anew() -> None:
    counts, key = Counts(), Key(LIMIT, SUBJECT, MINUTE)
    for _ in range(3):
        assert counts.has_room(key, 3, NOON)
        counts.add(key, NOON)
    assert not counts.has_room(key, 3, NOON)
    assert counts.has_room(key, 3, NOON + MINUTE), "a new minute"
    assert counts.has_room(Key(LIMIT, new_id(), MINUTE), 3, NOON), "somebody else"
    counts.opened(key, NOON).others = 10
    counts.forget_over(NOON + MINUTE)
    assert len(counts) == 0


ALONE: list[tuple[int, int, int, int]] = [(12, 3, 0, 4), (12, 3, 6, 2), (12, 3, 12, 0), (2, 5, 0, 1), (7, 1, 0, 7)]
"""The limit, how many processes there are, what is known of the others, and how many more calls go out."""


def test_without_redis_each_process_uses_its_share() -> None:
    for limit, processes, others, more in ALONE:
        counts, key = Counts(), Key(LIMIT, SUBJECT, MINUTE)
        counts.processes, counts.is_alone = processes, True
        counts.opened(key, NOON).others = others
        went = 0
        while counts.has_room(key, limit, NOON) and went < 100:
            counts.add(key, NOON)
            went += 1
        assert went == more, (limit, processes, others)
    day = Key(LIMIT, SUBJECT, DAY)
    counts.opened(day, NOON).saved = 5
    assert counts.has_room(day, 7, NOON), "what is counted by the day the database tells, too"


def test_no_more_is_remembered_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harriet.gateway.limits.counts.MOST_COUNTS", 50)
    counts = Counts()
    for number in range(500):
        key = Key(LIMIT, UUID(int=number), MINUTE)
        counts.add(key, NOON)
        counts.untold.discard(key)
    assert len(counts) <= 50
