"""Very many organizations in one installation, of which a few are called: a web process loads those, and a change in
another costs it nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from connectors.models import Tool
from harriet.people.models import Organization, OrganizationVersion
from harriet.people.roles import Role
from harriet.people.version import move_version
from tests.bench.large_company import copies, nth
from tests.bench.large_gateways import rows_read
from tests.bench.large_log import run
from tests.bench.large_office import FIRST_CALL_PATIENCE, NAMES, LargeOffice, Visitor, Web, is_answered
from tests.bench.large_table import Row, at_most, shown
from tests.stage.cast import Cast, person
from vault.actions.create_data_key import create_data_key

CALLED, MOVED = 3, 40
PAUSE = 0.1


def walk_organizations(cast: Cast, folder: Path, many: int) -> Iterator[Row]:
    """Beside the large one, which nobody calls here."""
    if not Organization.objects.filter(slug="small-1").exists():
        make_small_ones(cast, many)
    with ExitStack() as stack:
        offices = [stack.enter_context(LargeOffice(cast_of_another(cast), folder)) for _ in range(CALLED)]
        visitors = [office.visitor("Steady") for office in offices]
        web = Web.started(offices[0], visitors[0], folder / "web of many.log")
        stack.callback(web.stop)
        which = f"{many:,} organizations, {CALLED} of them called"
        yield at_most(f"{which}: a start, to the first call", web.started_seconds, 5, "s")
        waits = [first_call(office, visitor, web) for office, visitor in zip(offices, visitors, strict=True)]
        yield at_most(f"{which}: the first call of another", max(waits), 1, "s")
        yield at_most(f"{which}: memory of a web process", web.mib, 250, "MiB")
        yield changes_elsewhere(f"{which}: a change in one that isn't", web)


def make_small_ones(cast: Cast, many: int) -> None:
    """Each with an owner, a server and ten tools."""
    globex = f"organization_id = '{cast.globex.pk}'"
    # Its id tells when an organization was made.
    made = f"'{int(time.time() * 1000):012x}'"
    mine, another = (
        f"({made} || substr(md5('organization' || {number}), 13))::uuid" for number in ("n", f"(1 + n % {many})")
    )
    owner = nth("owner")
    name = "'Company ' || n"
    copies("people.Organization", many, f"id = '{cast.globex.pk}'", id=mine, slug="'small-' || n", name=name)
    run(
        "INSERT INTO people_organizationversion (organization_id, number)"
        f" SELECT {mine}, 1 FROM generate_series(1, {many}) AS n(n) ON CONFLICT DO NOTHING"
    )
    address = "'owner' || n || '@small.test'"
    copies("people.User", many, f"id = '{cast.charlie.pk}'", id=owner, email=address, name="'Owner ' || n")
    copies("people.Membership", many, globex, id=nth("ownership"), user_id=owner, organization_id=mine)
    server, slug = nth("small server"), "slug = 'warehouse'"
    copies("connectors.Connector", many, slug, id=server, organization_id=mine, slug="'server'", owner_id=owner)
    copies(
        "connectors.Tool",
        10 * many,
        "kind = 'tool' AND name = 'update_deal'",
        id=nth("small tool"),
        organization_id=another,
        connector_id=nth("small server", f"(1 + n % {many})"),
        name="'tool_' || n",
    )
    run("ANALYZE")


def cast_of_another(cast: Cast) -> Cast:
    slug = f"called-{uuid4().hex[:8]}"
    organization = Organization.objects.create(slug=slug, name="Called")
    OrganizationVersion.objects.get_or_create(organization=organization)
    create_data_key(organization.pk)
    return replace(cast, acme=organization, alice=person(organization, "Alice", Role.OWNER))


def first_call(office: LargeOffice, visitor: Visitor, web: Web) -> float:
    """Seconds. Raises TimeoutError."""
    client, began = office.client(web, visitor), time.monotonic()
    while not is_answered(client, NAMES[0]):
        if time.monotonic() - began > FIRST_CALL_PATIENCE:
            raise TimeoutError(web.tail())
        time.sleep(0.02)
    return time.monotonic() - began


def changes_elsewhere(what: str, web: Web) -> Row:
    """Less what the web process uses while nothing happens."""
    others = list(Organization.objects.filter(slug__startswith="small-").order_by("pk")[:MOVED])
    before = web.cpu_ms
    time.sleep(MOVED * PAUSE)
    idle, rows, began = web.cpu_ms - before, rows_read(), web.cpu_ms
    for organization in others:
        Tool.objects.filter(organization=organization).update(is_enabled=True)
        move_version(organization.pk)
        time.sleep(PAUSE)
    each = max(0.0, web.cpu_ms - began - idle) / MOVED
    more = f", {shown((rows_read() - rows) / MOVED)} rows read in all"
    return at_most(what, each, 2, "ms CPU", more=more)
