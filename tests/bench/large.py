"""`make bench-large`: every page in an organization of 100,000 people, 1,000 connectors and 20,000 tools.

Makes the company in bulk (tests/bench/large_company.py) and seals its log, then opens each page as an owner, an
approver, an auditor and a member, and as the owner of a small organization beside it; and sends forms that are shown
again or ask about very many things. Prints what each costs and ends with 1 when a page asks more than 15 queries,
weighs more than 100 KB, uses more than 150 ms of CPU, or doesn't answer; or when the Overview takes more than 200 ms
in the database.

`--people 5000` makes everything as much smaller; `--only vault` opens only pages whose address holds that
(a regular expression); `--folder FOLDER` keeps the database there and finds it again;
`--write docs/large.md` keeps the figures.
"""

from __future__ import annotations

import argparse
import logging
import os
import shutil
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.bench.large_company import Large
    from tests.bench.page_visits import Cost

FAST = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "256MB", "max_wal_size": "2GB"}
HEAD = ("as", "queries", "KB", "CPU ms", "database ms", "page")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--only", default="", help="a regular expression that finds the addresses to open")
    parser.add_argument("--as", dest="who", default="", help="owner, approver, auditor, member or small")
    parser.add_argument("--folder", type=Path, help="keeps the database there, and uses the one that is there")
    parser.add_argument("--queries", action="store_true", help="prints each page's queries, with the time of each")
    parser.add_argument("--write", type=Path, help="the figures as a page of the docs")
    options = parser.parse_args()
    folder = options.folder or Path(mkdtemp(prefix="harriet bench "))
    from harriet.start.embedded import start_embedded

    embedded = start_embedded(folder, options=FAST)
    try:
        prepare(embedded.addresses, folder)
        costs = measure(folder, options)
    finally:
        embedded.stop()
        if not options.folder:
            shutil.rmtree(folder, ignore_errors=True)
    sys.exit(1 if any(cost.faults for cost in costs) else 0)


def prepare(addresses: dict[str, str], folder: Path) -> None:
    """Settings for this process, an up-to-date schema, and pages without the step that gathers static files."""
    from harriet.lib.keyfile import make_keys

    make_keys(folder / "keys")
    os.environ.update(
        {
            "HARRIET_RUN_DIR": str(folder),
            "HARRIET_KEYS_DIR": str(folder / "keys"),
            "DATABASE_URL": addresses["database_owner_url"],
            "DATABASE_OWNER_URL": addresses["database_owner_url"],
            "REDIS_URL": addresses["redis_url"],
            "DJANGO_SETTINGS_MODULE": "harriet.settings",
        }
    )
    import django
    from django.conf import settings
    from django.core.management import call_command

    settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    django.setup()
    logging.getLogger("django.request").setLevel(logging.CRITICAL)  # what a role may not open is no finding here
    call_command("migrate", verbosity=0, skip_checks=True)


def measure(folder: Path, options: argparse.Namespace) -> list[Cost]:
    from tests.bench.large_company import Large
    from tests.bench.page_visits import visits

    size, made = Large.of(options.people), folder / "made"
    if not made.exists():
        make(size)
        made.touch()
    bound_statements()
    print("".join(f"{name:>12}" for name in HEAD[:-1]) + "  page", flush=True)
    costs = []
    for cost in visits(options.only, options.who):
        costs.append(cost)
        print(cost.line(show_queries=options.queries), flush=True)
    faulty = [cost for cost in costs if cost.faults]
    print(f"{len(costs)} pages, {len(faulty)} of them over a limit")
    if options.write:
        options.write.write_text(page_of(size, costs))
    return costs


def make(size: Large) -> None:
    from django.db import transaction

    from audit.chain.sealing import seal_everything
    from tests.bench.large_company import fill
    from tests.stage.cast import make_cast
    from tests.stage.company import make_busy_company

    began = time.monotonic()
    with transaction.atomic():
        cast = make_cast()
        make_busy_company(cast)
        fill(cast, size)
    print(f"made in {time.monotonic() - began:.0f} s", flush=True)
    sealed = 0
    while (more := seal_everything()) or not sealed:
        sealed += more
    run("VACUUM ANALYZE")
    print(f"{sealed} events sealed after {time.monotonic() - began:.0f} s", flush=True)


def bound_statements() -> None:
    """A page that takes so long doesn't answer."""
    from django.db import connection

    os.environ["PGOPTIONS"] = "-c statement_timeout=10s"
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]


def run(statement: str) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement)


def page_of(size: Large, costs: list[Cost]) -> str:
    """docs/large.md."""
    counts = ", ".join(f"{getattr(size, name):,} {name}" for name in type(size).__slots__)
    rows = "\n".join(f"| {' | '.join(cells)} |" for cells in map(cells_of, costs))
    return (
        "# Every page of a very large company\n\n"
        f"Written by `make bench-large` on {datetime.now(UTC):%Y-%m-%d}, on {os.cpu_count()} virtual cores that"
        f" PostgreSQL shared: {counts}; each call two events of the log. No page may ask more than 15 queries, weigh"
        " more than 100 KB (with style sheets and scripts, compressed, on a first visit) or use more than 150 ms of the"
        " web process's CPU, and the Overview no more than 200 ms in the database. A page with words behind its address"
        " answers a form. CPU and time in the database are the least of three visits.\n\n"
        f"| {' | '.join(HEAD)} |\n|{'---|' * len(HEAD)}\n{rows}\n"
    )


def cells_of(cost: Cost) -> list[Any]:
    figures = (str(cost.queries), f"{cost.size / 1000:.0f}", f"{cost.cpu_ms:.0f}", f"{cost.database_ms:.0f}")
    over = f" **over: {', '.join(cost.faults)}**" if cost.faults else ""
    return [cost.who, *figures, f"{cost.name}{over}"]


if __name__ == "__main__":
    main()
