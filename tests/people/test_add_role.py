"""Adding a role or a power: one table, the docs, and the matrix of the tests; everything else follows the table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harriet.people.actions.change_role import change_role
from harriet.people.models import Membership
from harriet.people.roles import ALL, ROLE_CHOICES, ROLE_HELP, Power, Role
from tests.people.test_demand_power import MATRIX


def test_every_role_is_told_of() -> None:
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
        assert power.value in told, f"docs/people.md says nothing of “{power}”"
        assert power in Role.OWNER.powers


def test_forms_the_database_and_the_api_know_the_same_roles(cast: Any) -> None:
    assert {value for value, _ in ROLE_CHOICES} == set(Role.values) == set(dict(Membership.role.field.choices))
    assert ROLE_HELP.count(".") == len(Role)
    for role in Role:
        change_role(Membership.objects.get(user=cast.dana), role, actor=cast.actor(cast.alice))
        assert Membership.objects.get(user=cast.dana).get_role_display() == role.label


def test_the_matrix_of_the_tests_says_every_role_again() -> None:
    """By hand, so that nobody widens a role unseen."""
    said = {role: set(powers) for role, powers in MATRIX.items()}
    assert said == {role: set(role.powers) for role in Role}, "MATRIX in tests/people/test_demand_power.py"


def test_every_power_opens_or_changes_something() -> None:
    """A power that no page, action or command asks for is none."""
    code = [path.read_text() for folder in APPS for path in Path(folder).rglob("*.py") if path.name != "roles.py"]
    for power in Power:
        assert any(f"Power.{power.name}" in text for text in code), f"nothing asks for “{power}”"


APPS = ("harriet", "connectors", "vault", "approvals")
