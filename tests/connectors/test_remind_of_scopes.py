"""Three days before a scope ends, whoever may make another hears of it, and the person whose profile it is: once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from connectors.actions.delete_profile import delete_profile
from connectors.actions.end_scope import end_scope
from connectors.actions.remind_of_scopes import remind_of_scopes, settle_ended_scopes
from connectors.models import AutonomousScope, Profile
from harriet.people.models import Membership, Notice
from harriet.people.roles import Role
from tests.stage.cast import Cast, person
from tests.stage.profiles import profile


def scope(of: Profile, *, lasts: timedelta, ends_in: timedelta, name: str = "Night") -> AutonomousScope:
    made = AutonomousScope.objects.create(
        organization=of.organization, profile=of, name=name, reason="x", expires_at=timezone.now() + ends_in
    )
    AutonomousScope.objects.filter(pk=made.pk).update(created_at=made.expires_at - lasts)
    return made


@pytest.fixture
def work(cast: Cast) -> Profile:
    return profile(cast.acme, groups=[cast.sales], trust="autonomous")


def told() -> dict[str, list[str]]:
    """Who, by the path they were sent to."""
    found: dict[str, list[str]] = {}
    for path, user in Notice.objects.filter(kind="scope_ends").values_list("path", "user__name").order_by("user__name"):
        found.setdefault(path, []).append(user)
    return found


MONTH, TWO_DAYS = timedelta(days=30), timedelta(days=2)


def test_who_may_make_another_hears_once(cast: Cast, work: Profile) -> None:
    person(cast.acme, "Adam", Role.MCP_ADMIN)
    ending = scope(work, lasts=MONTH, ends_in=TWO_DAYS)
    assert [remind_of_scopes() for _ in range(3)] == [1, 0, 0]
    assert told() == {f"/settings/profiles/{work.pk}/": ["Adam", "Alice"]}
    text = Notice.objects.get(user=cast.alice, kind="scope_ends").text
    assert text.startswith(f"What Work runs unasked by the scope Night ends on {ending.expires_at:%-d %B %Y at %H:%M}")


def test_the_person_whose_profile_it_is_hears_too(cast: Cast) -> None:
    own = profile(cast.acme, groups=[], trust="autonomous", slug="danas")
    own.people.add(Membership.objects.get(user=cast.dana))
    scope(own, lasts=MONTH, ends_in=TWO_DAYS)
    remind_of_scopes()
    assert told() == {f"/settings/profiles/{own.pk}/": ["Alice"], "/me/": ["Dana"]}
    own.people.add(Membership.objects.get(user=cast.bob))
    scope(own, lasts=MONTH, ends_in=TWO_DAYS, name="Day")
    assert remind_of_scopes() == 1
    assert told()["/me/"] == ["Dana"], "of one that is shared"


@pytest.mark.parametrize(
    ("lasts", "ends_in"),
    [(MONTH, timedelta(days=4)), (timedelta(days=1), timedelta(hours=3)), (MONTH, timedelta(minutes=-1))],
    ids=["not yet", "made for a day", "over"],
)
def test_nobody_hears_of_one(cast: Cast, work: Profile, lasts: timedelta, ends_in: timedelta) -> None:
    scope(work, lasts=lasts, ends_in=ends_in)
    assert remind_of_scopes() == 0 and told() == {}


def test_nobody_hears_of_one_that_lets_nothing_run(cast: Cast, work: Profile) -> None:
    ended = scope(work, lasts=MONTH, ends_in=TWO_DAYS)
    end_scope(ended, actor=cast.actor(cast.alice))
    supervised = profile(cast.acme, groups=[cast.sales], slug="supervised")
    scope(supervised, lasts=MONTH, ends_in=TWO_DAYS)
    assert remind_of_scopes() == 0 and told() == {}


@pytest.mark.parametrize("how", ["ended", "over", "deleted"])
def test_what_is_over_settles_its_line(cast: Cast, work: Profile, how: str) -> None:
    ending, alice = scope(work, lasts=MONTH, ends_in=TWO_DAYS), cast.actor(cast.alice)
    remind_of_scopes()
    settle_ended_scopes()
    assert Notice.objects.get(kind="scope_ends").settled_at is None
    if how == "ended":
        end_scope(ending, actor=alice)
    elif how == "deleted":
        delete_profile(work, actor=alice)
    else:
        AutonomousScope.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
        settle_ended_scopes()
    assert Notice.objects.get(kind="scope_ends").settled_at is not None


def test_what_was_told_of_is_not_looked_at_again(cast: Cast, work: Profile, django_assert_num_queries: Any) -> None:
    for number in range(3):
        scope(work, lasts=MONTH, ends_in=TWO_DAYS, name=f"Night {number}")
    assert remind_of_scopes() == 3
    with django_assert_num_queries(1):
        assert remind_of_scopes() == 0
