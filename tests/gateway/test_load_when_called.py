"""A process reads the organizations that are called through it, and of their people those who call."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now

from harriet.gateway.policy import lookups as lookups_module
from harriet.gateway.policy import snapshots as snapshots_module
from harriet.gateway.policy.principal import Principal, bearers_of
from harriet.gateway.policy.snapshots import FEW, Snapshots
from harriet.gateway.processes.background import Background
from harriet.gateway.processes.database import in_database
from harriet.gateway.processes.notifications import DatabaseListener
from harriet.people.models import AccessToken, Organization
from harriet.people.tokens import hash_token, new_token
from harriet.people.version import move_version
from tests.stage.office import Office
from tests.stage.tokens import device_token

pytestmark = pytest.mark.django_db(transaction=True)


@asynccontextmanager
async def listening() -> AsyncIterator[Snapshots]:
    background = Background()
    snapshots = Snapshots(background, lambda slug: None)
    listener = DatabaseListener(snapshots.looked, lambda notify: None, lambda: None, snapshots.wanted)
    listener.start()
    snapshots.begin()
    await snapshots.wait_until_loaded(30)
    try:
        yield snapshots
    finally:
        await listener.stop()
        await background.stop()


async def until(condition: Any) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.02)


def test_of_many_organizations_those_are_loaded_that_are_called(office: Office) -> None:
    Organization.objects.bulk_create(Organization(slug=f"more-{one}", name="More") for one in range(FEW))
    key = hash_token(office.token)

    async def story() -> None:
        async with listening() as snapshots:
            assert snapshots.is_ready() and snapshots.by_slug == {}
            stranger = await snapshots.admit("globex", office.token)
            assert stranger is not None and not snapshots.is_of(stranger, "globex")
            assert set(snapshots.by_slug) == {"acme"}, "whoever holds a token loads their own organization"
            assert await snapshots.admit("acme", office.token) is not None
            snapshot = snapshots.by_slug["acme"]
            assert snapshot.callers.get(key) is not None and snapshots.is_fresh("acme")
            await in_database(move_version, office.cast.globex.pk)
            snapshots.moved(office.cast.globex.pk)
            assert set(snapshots.by_slug) == {"acme"}
            await in_database(AccessToken.objects.update, revoked_at=Now())
            await in_database(office.changed)
            await until(lambda: snapshots.by_slug["acme"] is not snapshot)
            assert snapshots.by_slug["acme"].callers.get(key) is None
            assert await snapshots.admit("acme", office.token) is None
            await in_database(Organization.objects.filter(slug="acme").delete)
            await until(lambda: "acme" not in snapshots.by_slug)

    asyncio.run(story())


def test_many_unknown_tokens_are_one_question(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def counted(hashes: Collection[bytes]) -> dict[bytes, Principal]:
        asked.append(len(hashes))
        return bearers_of(hashes)

    monkeypatch.setattr(lookups_module, "bearers_of", counted)
    others = [new_token("device").secret.reveal() for _ in range(300)]

    async def story() -> None:
        async with listening() as snapshots:
            answers = await asyncio.gather(*(snapshots.admit("acme", one) for one in [*others, office.token]))
            assert [one for one in answers if one is not None] == answers[-1:]
            assert await snapshots.admit("acme", "hrt_dev_" + "x" * 200) is None
            assert await snapshots.admit("acme", "anything else") is None

    asyncio.run(story())
    assert sum(asked) == 301 and len(asked) <= 3


def test_who_comes_while_the_next_snapshot_is_made_stays(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """They may have a call under way, which would end as if its access had been lost."""
    may_end, compile_now = threading.Event(), snapshots_module.compile_snapshot

    def slow(*args: Any, **more: Any) -> Any:
        found = compile_now(*args, **more)
        assert may_end.wait(30)
        return found

    phone = device_token(office.cast.acme, office.cast.dana, "phone")

    async def story() -> None:
        async with listening() as snapshots:
            monkeypatch.setattr(snapshots_module, "compile_snapshot", slow)
            before = snapshots.by_slug["acme"]
            snapshots.moved(office.cast.acme.pk)
            await asyncio.sleep(0.3)
            assert await snapshots.admit("acme", phone) is not None
            may_end.set()
            await until(lambda: snapshots.by_slug["acme"] is not before)
            assert snapshots.by_slug["acme"].callers.get(hash_token(phone)) is not None

    asyncio.run(story())


def unseen_rename(name: str) -> None:
    """As the rows of another database would differ: no trigger tells of it."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE people_group SET name = %s", [name])
        cursor.execute("SET session_replication_role = DEFAULT")


def test_after_the_database_was_away_everything_is_read(office: Office) -> None:
    """A copy that took over may lack the last transactions, and give their numbers to others."""

    async def story() -> None:
        async with listening() as snapshots:

            def names() -> set[str]:
                return set(snapshots.by_slug["acme"].facts.groups.values())

            await in_database(unseen_rename, "Copy")
            snapshots.reload(office.cast.acme.pk)
            await asyncio.sleep(0.3)
            assert names() == {"Sales"}, "nothing said that it had changed"
            snapshot = snapshots.by_slug["acme"]
            snapshots.by_slug["acme"] = replace(snapshot, moment=snapshot.moment._replace(server="another"))
            snapshots.doubt_all()
            await until(lambda: names() == {"Copy"})
            assert snapshots._in_doubt == set()

    asyncio.run(story())
