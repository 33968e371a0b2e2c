"""Who may do what: the whole matrix of roles and powers, and the rules around owners."""

from __future__ import annotations

from pathlib import Path
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
from harriet.people.roles import ROLE_CHOICES, ROLE_HELP, Power, Role

ALL = set(Power)
MATRIX = {
    Role.OWNER: ALL,
    Role.MCP_ADMIN: ALL - {Power.MANAGE_ORGANIZATION},
    Role.APPROVER: {Power.DECIDE_ACTIONS, Power.VIEW_SETTINGS},
    Role.AUDITOR: {Power.VIEW_AUDIT, Power.VIEW_SETTINGS, Power.VIEW_RECORDS},
    Role.REVIEWER: {Power.VIEW_SETTINGS},
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


def test_every_role_is_told_of(cast: Any) -> None:
    """What adds a role touches one table and the docs; everything else follows the table."""
    page = Path("docs/people.md").read_text()
    rows = {row.split("|")[2].strip(): row for row in page.splitlines() if row.startswith("|")}
    assert [f"`{role.value}`" for role in Role] == [name for name in rows if name.startswith("`")], "in its order"
    for role in Role:
        row = rows[f"`{role.value}`"]
        assert role.label in row and role.purpose, f"{role}: its name and what it is for"
        without = ALL - role.powers
        told = {power for power in Power if power.value in row}
        everything = "everything" in row
        assert told == (without if everything else role.powers), f"docs/people.md says something else of {role.label}"


def test_every_power_is_told_of_and_held_by_an_owner() -> None:
    told = " ".join(Path("docs/people.md").read_text().split())
    for power in Power:
        assert power.value in told and power in Role.OWNER.powers


def test_forms_the_database_and_the_api_know_the_same_roles(cast: Any) -> None:
    assert {value for value, _ in ROLE_CHOICES} == set(Role.values) == set(dict(Membership.role.field.choices))
    assert ROLE_HELP.count(".") == len(Role)
    for role in Role:
        change_role(Membership.objects.get(user=cast.dana), role, actor=cast.actor(cast.alice))
        assert Membership.objects.get(user=cast.dana).get_role_display() == role.label
