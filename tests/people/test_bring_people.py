"""Many people are brought at once, with what becomes of each of them when they are brought one by one."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from audit.actor import SYSTEM, Actor
from audit.models import Event
from harriet.lib.errors import Problem
from harriet.people.actions.bring_people import Came, NewPerson, bring_people
from harriet.people.actions.bring_person import bring_person
from harriet.people.errors import NotAllowed
from harriet.people.models import Group, Invitation, Membership, Organization, RightGiven, User
from tests.stage.cast import Cast


def everybody(cast: Cast) -> list[NewPerson]:
    """All that can become of somebody."""
    elsewhere = Group.objects.create(organization=cast.globex, slug="theirs", name="Theirs")
    waiting = User.objects.create_user("waiting@acme.test", name="Waiting")
    Membership.objects.create(organization=cast.globex, user=waiting, role="member")
    User.objects.create_user("idle@acme.test", name="Idle")
    return [
        NewPerson("New@acme.test ", "member", (cast.sales, cast.sales), "Nia New"),
        NewPerson("decider@acme.test", "approver", (), "Dora"),
        NewPerson("new@ACME.test", "member"),
        NewPerson("no address", "member"),
        NewPerson("role@acme.test", "boss"),
        NewPerson("second@acme.test", "boss"),
        NewPerson("owner@acme.test", "owner"),
        NewPerson("name@acme.test", "member", (), "Two\nlines"),
        NewPerson("group@acme.test", "member", (elsewhere,)),
        NewPerson("dana@acme.test", "member"),
        NewPerson("charlie@globex.test", "member", (cast.sales,)),
        NewPerson("waiting@acme.test", "member", (cast.sales,), "Another name"),
        NewPerson("idle@acme.test", "reviewer"),
        NewPerson("last@acme.test", "member"),
    ]


def one_by_one(organization: Organization, people: list[NewPerson], actor: Actor) -> list[Came]:
    came: list[Came] = []
    for one in people:
        try:
            came.append(bring_person(organization, one.email, one.role, one.groups, one.name, actor=actor))
        except Problem as problem:
            came.append(problem)
    return came


def told(one: Came) -> tuple[Any, ...]:
    if isinstance(one, Problem):
        return "refused", one.message, one.field
    groups = sorted(one.groups.values_list("slug", flat=True))
    if isinstance(one, Invitation):
        return "invited", one.email, one.role, groups
    return "added", one.user.email, one.user.name, one.role, groups, one.user.has_usable_password()


def everything(organization: Organization, people: list[NewPerson], actor: Actor, way: Any) -> tuple[Any, ...]:
    """What it tells, and what is in the database afterwards."""
    before = set(Event.objects.values_list("pk", flat=True))
    with transaction.atomic():
        came = [told(one) for one in way(organization, people, actor)]
        events = Event.objects.exclude(pk__in=before)
        found = (
            came,
            sorted((event.code, event.sentence) for event in events),
            sorted(Membership.objects.values_list("organization__slug", "user__email", "role")),
            sorted(RightGiven.objects.values_list("way", "by__email")),
        )
        transaction.set_rollback(True)
    return found


@pytest.mark.parametrize("by", ["system", "alice", "it_admin"])
def test_each_comes_as_they_would_alone(cast: Cast, by: str) -> None:
    people = everybody(cast)
    if by == "it_admin":
        Membership.objects.filter(user=cast.bob).update(role="mcp_admin")
    actor = SYSTEM if by == "system" else cast.actor(cast.alice if by == "alice" else cast.bob)
    together = everything(cast.acme, people, actor, lambda *said: bring_people(*said[:2], actor=said[2]))
    assert together == everything(cast.acme, people, actor, one_by_one)
    assert {"added", "invited", "refused"} == {one[0] for one in together[0]}


def test_many_are_asked_about_as_often_as_few(cast: Cast) -> None:
    asked = []
    for turn, count in enumerate((2, 200)):
        people = [NewPerson(f"p{turn}-{n}@acme.test", "approver", (cast.sales,), f"P {n}") for n in range(count)]
        with CaptureQueriesContext(connection) as queries:
            came = bring_people(cast.acme, people, actor=cast.actor(cast.alice))
        assert all(isinstance(one, Membership) for one in came)
        asked.append(len(queries))
    assert asked[0] == asked[1] and cast.sales.memberships.count() >= 202


def test_somebody_who_comes_at_the_same_moment_is_told_apart(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """The account is made between looking and adding."""

    def fail(*_: Any) -> list[Membership]:
        User.objects.create_user("twin@acme.test", "their own password")
        raise IntegrityError

    monkeypatch.setattr("harriet.people.actions.bring_people._added", fail)
    people = [NewPerson("a@acme.test", "member"), NewPerson("twin@acme.test", "member")]
    assert [type(one) for one in bring_people(cast.acme, people, actor=SYSTEM)] == [Membership, Invitation]


def test_who_may_not_manage_people_brings_nobody(cast: Cast) -> None:
    with pytest.raises(NotAllowed):
        bring_people(cast.acme, [NewPerson("a@acme.test", "member")], actor=cast.actor(cast.dana))
