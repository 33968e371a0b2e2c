"""Who came to decide on calls is not who came to review connectors: each right is given, and known, for itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models.functions import Now

from approvals.actions.approve_action import approve_action
from approvals.deciders import refusal
from approvals.models import PendingAction
from harriet.people.actions.change_role import change_role
from harriet.people.models import Membership, RightGiven, User
from harriet.people.roles import Role
from tests.stage.cast import Cast, person
from tests.stage.held_calls import hold, make_mailing

Way = RightGiven.Way


def member(user: User) -> Membership:
    return Membership.objects.select_related("organization", "user").get(user=user)


def ways_to(user: User) -> list[str]:
    return sorted(RightGiven.objects.filter(to_id=user.pk).values_list("way", flat=True))


def test_who_may_review_as_well_goes_on_deciding_on_what_waits(cast: Cast) -> None:
    """Even when whoever asked for the call made them an IT admin meanwhile."""
    mailing = make_mailing(cast)
    adam = person(cast.acme, "Adam", Role.MCP_ADMIN)
    held = hold(mailing.call(user=adam))
    PendingAction.objects.update(created_at=Now() - timedelta(minutes=1))
    change_role(member(cast.bob), Role.MCP_ADMIN, actor=cast.actor(adam))
    assert ways_to(cast.bob) == [Way.REVIEW]
    assert approve_action(mailing.action(held), actor=cast.actor(cast.bob))


def test_an_owner_who_left_handed_over_no_harmless_links(cast: Cast) -> None:
    """One to who asks, one to who decides: as long as they are an owner they may, for want of mail."""
    mailing, olga = make_mailing(cast), person(cast.acme, "Olga", Role.OWNER)
    User.objects.filter(pk__in=[cast.dana.pk, cast.bob.pk]).update(vouched_by=olga, is_proven=False)
    action = mailing.action(mailing.held())
    assert refusal(action, member(cast.bob)) == ""
    User.objects.filter(pk=olga.pk).update(is_active=False)
    assert "handed over the link to your account" in refusal(action, member(cast.bob))


def test_each_power_that_a_role_gives_is_noted(cast: Cast) -> None:
    change_role(member(cast.dana), Role.REVIEWER, actor=cast.actor(cast.alice))
    assert ways_to(cast.dana) == [Way.REVIEW]
    change_role(member(cast.dana), Role.APPROVER, actor=cast.actor(cast.alice))
    assert ways_to(cast.dana) == [Way.REVIEW, Way.ROLE]
    change_role(member(cast.bob), Role.AUDITOR, actor=cast.actor(cast.alice))
    assert ways_to(cast.bob) == []


@pytest.mark.django_db(transaction=True)
def test_rights_of_before_are_told_apart(committed_cast: Cast) -> None:
    cast = committed_cast
    eve = person(cast.acme, "Eve", Role.REVIEWER)
    for to in (eve, cast.bob):
        RightGiven.objects.create(organization=cast.acme, way=Way.ROLE, to_id=to.pk, by=cast.alice)
    latest = MigrationExecutor(connection).loader.graph.leaf_nodes()
    try:
        MigrationExecutor(connection).migrate([("people", "0023_own_reviews")])
    finally:
        MigrationExecutor(connection).migrate(latest)
    assert (ways_to(eve), ways_to(cast.bob)) == ([Way.REVIEW, Way.ROLE], [Way.ROLE])
    first, copy = RightGiven.objects.filter(to_id=eve.pk).order_by("way")
    assert (first.at, first.by) == (copy.at, copy.by)
