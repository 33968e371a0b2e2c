"""A set-up of many people, connectors and tools is written, applied and verified some at a time."""

from __future__ import annotations

from collections.abc import Callable

from django.db import connection
from django.test.utils import CaptureQueriesContext

from connectors.models import Connector, Profile, Tool
from harriet.console.setup_file.apply import _people, apply
from harriet.console.setup_file.connectors import _tools
from harriet.console.setup_file.export import export, parts_of
from harriet.console.setup_file.form import ConnectorPart, PersonPart, ToolPart, read, write, write_parts
from harriet.console.setup_file.report import Report
from harriet.people.models import Group, Membership, Organization, User
from tests.stage.cast import Cast
from tests.stage.connectors import new_connector, new_tool, new_version
from tests.stage.credentials import save_token
from vault.verify import verify_vault


def queries_of(work: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as asked:
        work()
    return len(asked)


def grow(cast: Cast, name: str, count: int) -> None:
    """As many people, connectors with two tools each, and profiles with all of it."""
    users = User.objects.bulk_create(User(email=f"{name}-{n}@acme.test", name=f"{name} {n}") for n in range(count))
    members = Membership.objects.bulk_create(
        Membership(organization=cast.acme, user=user, role="member") for user in users
    )
    for member in members:
        member.groups.add(cast.sales)
    made = Connector.objects.bulk_create(
        new_connector(cast.acme, "https://x.test/mcp", slug=f"{name}-{n}") for n in range(count)
    )
    tools = Tool.objects.bulk_create(new_tool(of, tool) for of in made for tool in ("find", "send"))
    for tool in tools:
        new_version(tool, {"name": tool.name, "inputSchema": {}}).save()
        tool.permissions.create(group=cast.sales)
    for n in range(count):
        profile = Profile.objects.create(organization=cast.acme, slug=f"{name}-{n}", name=name, has_prefix=True)
        profile.connectors.set(made[:2])
        profile.tools.set(tools[:2])
        profile.people.set(members[:2])
        profile.groups.set([cast.sales])


def test_a_file_is_written_in_as_many_questions_for_ten_times_as_much(cast: Cast) -> None:
    grow(cast, "few", 2)
    few = queries_of(lambda: export(cast.acme))
    grow(cast, "many", 20)
    assert queries_of(lambda: export(cast.acme)) == few


def test_the_pieces_are_the_file(cast: Cast) -> None:
    grow(cast, "some", 3)
    whole = export(cast.acme)
    pieces = list(write_parts(parts_of(cast.acme)))
    assert b"".join(pieces) == write(whole)
    assert len(pieces) > 3 * 3 and max(map(len, pieces)) < len(write(whole)) / 4, "an entry each"
    assert read(b"".join(pieces)) == whole


def test_what_is_there_already_costs_no_question_for_each(cast: Cast) -> None:
    grow(cast, "few", 2)

    def turn() -> Report:
        setup = export(cast.acme)
        setup.connectors = []
        return apply(setup)

    few, people = queries_of(turn), len(export(cast.acme).people)
    grow(cast, "many", 20)
    setup = export(cast.acme)
    assert queries_of(lambda: _people(cast.acme, setup.people)) == 2
    for part in (setup, export(cast.acme)):
        part.connectors, part.profiles = [], part.profiles[:2]
    setup.people[0].email = setup.people[0].email.upper()
    assert queries_of(lambda: apply(setup)) <= few
    assert all(line.startswith("left ") for line in apply(setup).lines)
    assert len(setup.people) == people + 20


def test_new_people_and_groups_that_are_there_cost_no_question_for_each(cast: Cast) -> None:
    def turn(name: str, count: int) -> int:
        Group.objects.bulk_create(Group(organization=cast.acme, slug=f"{name}-{n}", name=name) for n in range(count))
        setup = export(cast.acme)
        setup.connectors, setup.profiles, groups = [], [], setup.groups[-2:]
        setup.people = [PersonPart(email=f"{name}-{n}@acme.test", role="member", groups=groups) for n in range(count)]
        report = Report()
        asked = queries_of(lambda: report.lines.extend(apply(setup).lines))
        assert sum(line.startswith("created  person") for line in report.lines) == count
        return asked

    assert turn("few", 3) == turn("many", 60)


def test_a_connectors_tools_are_set_together_and_one_that_cant_be_fails_alone(cast: Cast) -> None:
    grow(cast, "one", 2)
    crm = Connector.objects.get(slug="one-0")
    Tool.objects.bulk_create(new_tool(crm, f"get_{n}", is_enabled=False) for n in range(30))

    def turn(**wish: object) -> Report:
        report = Report()
        every = {"*": ToolPart(**wish)}  # type: ignore[arg-type]
        _tools(crm, ConnectorPart(slug="one-0", name="x", url=crm.url, tools=every), {}, report)
        return report

    assert queries_of(lambda: turn(enabled=True)) < 30
    assert crm.tools.filter(is_enabled=True).count() == 32
    Tool.objects.filter(connector=crm).update(is_enabled=False)
    bare = Profile.objects.create(organization=cast.acme, slug="bare", name="Bare")
    bare.connectors.set(Connector.objects.filter(organization=cast.acme))
    report = turn(enabled=True)
    failed = [line for line in report.lines if line.startswith("FAILED")]
    assert len(failed) == 2 and len(report.lines) == 32, "those of which the other connector has the same names"
    assert crm.tools.filter(is_enabled=True).count() == 30


def test_the_vault_is_verified_organizations_together(cast: Cast) -> None:
    save_token(cast)
    one = queries_of(verify_vault)
    for n in range(5):
        Organization.objects.create(slug=f"more-{n}", name="More")
        save_token(cast, name=f"Secret {n}")
    assert queries_of(verify_vault) == one
    found = verify_vault()
    assert (found.credentials, found.problems) == (6, [])
