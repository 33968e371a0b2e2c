"""Who may do what: the whole matrix of roles and powers, and the rules around owners."""

from __future__ import annotations

from typing import Any

import pytest

from audit.actor import SYSTEM, Actor
from harriet.people.actions.add_person import add_person
from harriet.people.actions.change_role import change_role
from harriet.people.actions.deactivate_person import deactivate_person
from harriet.people.actions.remove_person import remove_person
from harriet.people.errors import NotAllowed, PeopleError
from harriet.people.middleware import NOBODY
from harriet.people.models import Membership
from harriet.people.permissions import demand, has_power
from harriet.people.roles import Power, Role

ALL = set(Power)
MATRIX = {
    Role.OWNER: ALL,
    Role.MCP_ADMIN: {
        Power.MANAGE_PEOPLE,
        Power.MANAGE_CONNECTORS,
        Power.MANAGE_CREDENTIALS,
        Power.MANAGE_PROFILES,
        Power.MANAGE_TOKENS,
        Power.DECIDE_ACTIONS,
        Power.REVIEW_CONNECTORS,
        Power.VIEW_AUDIT,
        Power.VIEW_SETTINGS,
        Power.VIEW_RECORDS,
    },
    Role.APPROVER: {Power.DECIDE_ACTIONS, Power.VIEW_SETTINGS},
    Role.AUDITOR: {Power.VIEW_AUDIT, Power.VIEW_SETTINGS, Power.VIEW_RECORDS},
    Role.REVIEWER: {Power.REVIEW_CONNECTORS, Power.VIEW_SETTINGS},
    Role.MEMBER: set(),
}


@pytest.mark.parametrize("role", list(Role))
def test_each_role_has_its_powers_and_no_other(cast: Any, role: Role) -> None:
    dana = Membership.objects.get(user=cast.dana)
    dana.role = role
    dana.save()
    for power in Power:
        assert has_power(dana, power) == (power in MATRIX[role]), power
        if power in MATRIX[role]:
            demand(cast.actor(cast.dana), cast.acme, power)
        else:
            with pytest.raises(NotAllowed):
                demand(cast.actor(cast.dana), cast.acme, power)


@pytest.mark.parametrize("power", list(Power))
def test_an_owner_elsewhere_has_no_power_here(cast: Any, power: Power) -> None:
    for actor in (cast.actor(cast.charlie), NOBODY, Actor("token", cast.alice.pk, "not a token")):
        with pytest.raises(NotAllowed):
            demand(actor, cast.acme, power)


def test_the_system_may_do_everything(cast: Any) -> None:
    for power in Power:
        demand(SYSTEM, cast.acme, power)


def test_an_admin_makes_and_changes_no_owner(cast: Any) -> None:
    alice, bob, dana = (Membership.objects.get(user=user) for user in (cast.alice, cast.bob, cast.dana))
    change_role(bob, Role.MCP_ADMIN, actor=cast.actor(cast.alice))
    admin = cast.actor(cast.bob)
    with pytest.raises(NotAllowed, match="Only an owner"):
        change_role(dana, Role.OWNER, actor=admin)
    with pytest.raises(NotAllowed, match="Only an owner"):
        add_person(cast.acme, "eve@acme.test", Role.OWNER, actor=admin)
    for forbidden in (deactivate_person, remove_person):
        with pytest.raises(NotAllowed, match="Only an owner"):
            forbidden(alice, actor=admin)
    with pytest.raises(NotAllowed, match="Only an owner"):
        change_role(alice, Role.MEMBER, actor=admin)


def test_the_last_owner_stays(cast: Any) -> None:
    alice, actor = Membership.objects.get(user=cast.alice), cast.actor(cast.alice)
    for leave in (
        lambda: change_role(alice, Role.MEMBER, actor=actor),
        lambda: deactivate_person(alice, actor=actor),
        lambda: remove_person(alice, actor=actor),
    ):
        with pytest.raises(PeopleError, match="last active owner"):
            leave()
    change_role(Membership.objects.get(user=cast.bob), Role.OWNER, actor=actor)
    change_role(alice, Role.MEMBER, actor=actor)
    assert Membership.objects.get(user=cast.alice).role == Role.MEMBER


def test_an_unknown_role_is_refused(cast: Any) -> None:
    with pytest.raises(PeopleError, match="is no role"):
        add_person(cast.acme, "eve@acme.test", "emperor", actor=SYSTEM)
