"""A tool is enabled, and a thousand are changed together, for as little in a large company as in a small one; and two
tools of one shown name are found however little is read."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.models import Event
from connectors.access import clashes
from connectors.access.clashes import refuse_clashes, refuse_clashes_with
from connectors.access.in_database import profiles_with
from connectors.access.rules import shown_name
from connectors.actions.pin_offer import quarantine_tools, remove_tools
from connectors.actions.set_tool import ToolChange, change_tools, set_tool
from connectors.actions.set_tools_in_bulk import set_tools_in_bulk
from connectors.definitions.offer import read_definition
from connectors.errors import ConnectorError
from connectors.models import Connector, Profile, Tool, ToolPermission, ToolVersion
from tests.servers.moody import tool
from tests.stage.cast import Cast

LONG = "read_" + "x" * 70
SLUGS = ("crm", "crm_eu", "erp")
NAMES = ("find", "eu_find", "fi nd", "fi_nd", "Find", "fi/nd", LONG, f"{LONG}y", "eu_fi nd")
NAMES_OF_OTHERS = tuple(shown_name("", name, False) for name in ("fi nd", LONG))
"""What others are shown as, taken as a name: `fi_nd_1a2b3c4d`."""


def offering(cast: Cast, slug: str, names: Iterable[str], **more: object) -> Connector:
    fields = {"organization": cast.acme, "name": slug.upper(), "url": f"https://{slug}.test/mcp", **more}
    made = Connector.objects.create(slug=slug, **fields)
    Tool.objects.bulk_create(Tool(organization=cast.acme, connector=made, name=name) for name in names)
    return made


def profile_of(cast: Cast, slug: str, *connectors: Connector, has_prefix: bool = False) -> Profile:
    made = Profile.objects.create(organization=cast.acme, slug=slug, name=slug, has_prefix=has_prefix)
    made.connectors.set(connectors)
    return made


def queries_of(work: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as asked:
        work()
    return len(asked)


def test_what_little_is_read_finds_what_the_whole_profile_has(cast: Cast) -> None:
    """Random companies; each tool in turn is enabled, and both ways say the same of it."""
    refused = 0
    for seed in range(12):
        dice, home = random.Random(seed), f"{seed}"
        names = {slug: dice.sample([*NAMES, *NAMES_OF_OTHERS], 5) for slug in SLUGS}
        names["crm_eu"] += [
            name for name in (shown_name("crm", "eu_fi nd", True)[len("crm_eu_") :],) if dice.random() < 0.5
        ]
        made = [offering(cast, slug, names[slug]) for slug in SLUGS]
        for has_prefix in (False, True):
            profile = profile_of(cast, f"{home}-{has_prefix}", *dice.sample(made, 2), has_prefix=has_prefix)
            profile.tools.set(dice.sample(list(Tool.objects.all()), 4))
        for one in dice.sample(list(Tool.objects.select_related("connector")), 15):
            Tool.objects.filter(pk=one.pk).update(is_enabled=True)
            one.is_enabled = True
            wholly = any(refuses(lambda p=p: refuse_clashes(p)) for p in profiles_with([one]))  # type: ignore[misc]
            assert refuses(lambda one=one: refuse_clashes_with([one])) == wholly, (seed, one.name)  # type: ignore[misc]
            if wholly:
                refused += 1
                Tool.objects.filter(pk=one.pk).update(is_enabled=False)
        Profile.objects.all().delete()
        Connector.objects.all().delete()
    assert refused > 10, "the dice made hardly any clash"


def refuses(check: Callable[[], None]) -> bool:
    try:
        check()
    except ConnectorError:
        return True
    return False


def test_enabling_one_reads_nothing_of_what_its_profiles_hold_beside_it(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    crm, erp = offering(cast, "crm", ["find"]), offering(cast, "erp", [f"get_{number}" for number in range(300)])
    erp.tools.update(is_enabled=True)
    for number in range(10):
        profile_of(cast, f"profile-{number}", crm, erp, has_prefix=number % 2 > 0)
    read: list[object] = []
    rows = clashes._rows
    monkeypatch.setattr(clashes, "_rows", lambda tools: (read.append(row) or row for row in rows(tools)))
    one, alice = crm.tools.get(), cast.actor(cast.alice)
    assert queries_of(lambda: set_tool(one, is_enabled=True, groups=[cast.sales], actor=alice)) <= 20
    assert len(read) <= 2, "itself, by its id and by its name"


def test_a_change_of_hundreds_asks_what_one_of_two_asks(cast: Cast) -> None:
    few, many = offering(cast, "few", ["a", "b"]), offering(cast, "many", [f"get_{number}" for number in range(400)])
    alice = cast.actor(cast.alice)

    def change(connector: Connector) -> int:
        ids = list(connector.tools.values_list("pk", flat=True))
        wish = ToolChange(is_enabled=True, requires_confirmation=True, groups=[cast.sales], roles=["member"], how="add")
        return queries_of(lambda: set_tools_in_bulk(connector, ids, wish, actor=alice))

    change(few)
    Tool.objects.update(is_enabled=False, requires_confirmation=False)
    ToolPermission.objects.all().delete()
    assert change(many) == change(few)
    events = Event.objects.filter(code="tool.set", connector_id=many.pk)
    assert events.count() == 400 == len({event.tool_id for event in events})
    assert "enabled, with confirmation, for group Sales, role" in events[0].body
    assert many.tools.filter(is_enabled=True, requires_confirmation=True, permissions__group=cast.sales).count() == 400


def test_permissions_that_stay_are_left_alone(cast: Cast) -> None:
    one = offering(cast, "crm", ["find"]).tools.select_related("connector").get()
    alice, change = cast.actor(cast.alice), ToolChange(groups=[cast.sales], roles=["member"])
    change_tools([(one, change)], actor=alice)
    kept = one.permissions.get(group=cast.sales).pk
    change_tools([(one, ToolChange(roles=["approver"]))], actor=alice)
    assert one.permissions.get(group=cast.sales).pk == kept
    assert set(one.permissions.exclude(role="").values_list("role", flat=True)) == {"approver"}


def test_a_sync_writes_what_changed_of_hundreds_in_few_statements(cast: Cast) -> None:
    few, many = offering(cast, "few", ["a", "b"]), offering(cast, "many", [f"get_{number}" for number in range(200)])

    def write(connector: Connector) -> int:
        tools = list(connector.tools.order_by("name"))
        half = len(tools) // 2
        changed = [(one, read_definition(tool(one.name), is_prompt=False)) for one in tools[:half]]
        return queries_of(lambda: _write(connector, changed, tools[half:]))

    def _write(connector: Connector, changed: list, gone: list[Tool]) -> None:  # type: ignore[type-arg]
        quarantine_tools(connector, changed, actor=cast.actor(cast.alice))
        remove_tools(connector, gone, actor=cast.actor(cast.alice))

    assert write(many) == write(few)
    assert (
        many.tools.filter(state=Tool.State.QUARANTINED).count()
        == 100
        == ToolVersion.objects.filter(tool__connector=many, is_proposed=True).count()
    )
    assert many.tools.filter(state=Tool.State.REMOVED).count() == 100
    assert Event.objects.filter(code="tool.quarantined", connector_id=many.pk).count() == 100
