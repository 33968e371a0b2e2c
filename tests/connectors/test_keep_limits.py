"""However many limits and scopes there are, and whoever else changes them: each is told of, and none is there twice."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from connectors.actions import make_scope as scopes
from connectors.actions import tell_of_limits as telling
from connectors.actions.add_limit import add_limit
from connectors.actions.change_limit import change_limit
from connectors.actions.make_scope import make_scope
from connectors.actions.remove_limit import remove_limit
from connectors.actions.tell_of_limits import tell_of_limits
from connectors.errors import ConnectorError
from connectors.limits_kept import limits_of
from connectors.models import AtLimit, AutonomousScope, CallLimit, LimitCount
from harriet.people.models import Notice
from tests.stage.cast import Cast
from tests.stage.profiles import profile
from tests.stage.waiting import wait_for_a_lock


def reached(cast: Cast, kind: str) -> CallLimit:
    made = CallLimit.objects.create(organization=cast.acme, kind=kind, per_minute=5)
    now = datetime.now(UTC)
    LimitCount.objects.create(limit=made, subject_id=cast.dana.pk, day=now.date(), turned_away=3, turned_away_at=now)
    old = {"day": now.date() - timedelta(days=1), "turned_away": 9, "turned_away_at": now - timedelta(days=1)}
    LimitCount.objects.create(limit=made, subject_id=cast.bob.pk, **old)
    return made


def test_the_last_of_many_is_told_of_too(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "LIMITS_AT_ONCE", 1)
    made = {reached(cast, kind).pk for kind in ("person", "device", "tool")}
    assert [tell_of_limits() for _ in range(4)] == [1, 1, 1, 0]
    told = set(Notice.objects.filter(kind="limit_reached", user=cast.alice).values_list("key", flat=True))
    assert {key.split()[1] for key in told} == {str(pk) for pk in made}


def test_those_that_were_told_of_are_not_read_again(cast: Cast, django_assert_num_queries: Any) -> None:
    for kind in ("person", "device", "tool"):
        reached(cast, kind)
    tell_of_limits()
    with django_assert_num_queries(1):
        assert tell_of_limits() == 0


def test_the_page_counts_today_alone(cast: Cast) -> None:
    reached(cast, "person")
    add_limit(cast.acme, "device", None, per_day=5, actor=cast.actor(cast.alice))
    found = {one.kind: (one.beyond_today, one.beyond_at is None) for one in limits_of(cast.acme)}
    assert found == {"person": (3, False), "device": (0, True)}


def test_one_that_is_gone_is_not_changed(cast: Cast) -> None:
    alice = cast.actor(cast.alice)
    limit = add_limit(cast.acme, "person", None, per_day=5, actor=alice)
    remove_limit(CallLimit.objects.get(pk=limit.pk), actor=alice)
    with pytest.raises(ConnectorError, match="removed in the meantime"):
        change_limit(limit, per_minute=None, per_day=9, at_limit="refuse", actor=alice)


def while_it_waits(first: Callable[[], object], second: Callable[[], object]) -> str:
    """What the second is told, who begins before the first is through."""

    def beside() -> str:
        try:
            second()
        except ConnectorError as problem:
            return problem.message
        finally:
            connection.close()
        return ""

    with ThreadPoolExecutor(1) as admins:
        with transaction.atomic():
            first()
            waiting = admins.submit(beside)
            wait_for_a_lock()
        return waiting.result(60)


@pytest.mark.django_db(transaction=True)
def test_two_admins_at_once_make_no_limit_twice(committed_cast: Cast) -> None:
    cast, alice = committed_cast, committed_cast.actor(committed_cast.alice)
    limit = add_limit(cast.acme, "person", None, per_day=5, actor=alice)
    said = while_it_waits(
        lambda: add_limit(cast.acme, "person", None, per_day=9, at_limit=AtLimit.HOLD, actor=alice),
        lambda: change_limit(limit, per_minute=None, per_day=5, at_limit="hold", actor=alice),
    )
    assert said == "There is such a limit already. Change that one, or remove one of the two."
    assert sorted(CallLimit.objects.values_list("at_limit", flat=True)) == ["hold", "refuse"]


@pytest.mark.django_db(transaction=True)
def test_two_admins_at_once_make_no_scope_too_many(committed_cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scopes, "MOST", 1)
    cast = committed_cast
    work = profile(cast.acme, groups=[cast.sales], trust="autonomous")

    def made() -> object:
        until = timezone.now() + timedelta(days=1)
        more = {"name": "Night", "reason": "Nightly.", "classes": ["moderate"], "expires_at": until}
        return make_scope(work, **more, actor=cast.actor(cast.alice))

    assert "at most 1 scopes at once" in while_it_waits(made, made)
    assert AutonomousScope.objects.count() == 1
