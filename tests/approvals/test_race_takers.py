"""Whoever moves the row has it: of many who race for it one, every time. `make approvals` has 64 race for 1,000."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar
from uuid import UUID

from django.db import connection

from approvals.actions.approve_action import approve_action
from approvals.actions.collect_result import collect_result
from approvals.actions.finish_action import finish_action
from approvals.actions.take_action import take_action
from audit.actor import SYSTEM
from tests.campaigns import count
from tests.stage.held_calls import Mailing

T = TypeVar("T")
_ACTIONS, _TAKERS = count(each_day=25, whole=1000), count(each_day=16, whole=64)


def test_racing_takers_and_collectors_have_one_winner_each(transactional_db: None, mailing: Mailing) -> None:
    bob = mailing.cast.actor(mailing.cast.bob)
    with ThreadPoolExecutor(_TAKERS) as racers:
        for number in range(_ACTIONS):
            held = mailing.held(b'{"n":%d}' % number)
            approve_action(mailing.action(held), actor=bob)
            won = list(racers.map(_alone(partial(take_action, actor=SYSTEM)), [held.action_id] * _TAKERS))
            assert won.count(True) == 1
            finish_action(held.action_id, b"{}", actor=SYSTEM)
            got = list(racers.map(_alone(partial(collect_result, actor=SYSTEM)), [held.action_id] * _TAKERS))
            assert [answer for answer in got if answer is not None] == [b"{}"]


def _alone(act: Callable[[UUID], T]) -> Callable[[UUID], T]:
    """Run it on a connection of the thread's own, closed afterwards."""

    def run(action_id: UUID) -> T:
        try:
            return act(action_id)
        finally:
            connection.close()

    return run
