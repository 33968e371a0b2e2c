"""Whoever listens to a server at its old address isn't given the secret that was saved for the new one."""

import asyncio

import pytest

from connectors.actions.save_authentication import save_authentication
from connectors.actions.save_connection import save_connection
from connectors.transports.base import Endpoint
from harriet.gateway.policy.compile import compile_snapshot
from harriet.gateway.runtime import Runtime
from harriet.lib.secret import Secret
from harriet.people.actors import actor_of
from tests.stage.office import Office

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_watch_of_the_old_address_gets_no_secret_of_the_new_one(office: Office) -> None:
    alice = actor_of(office.cast.alice)
    before = compile_snapshot(office.cast.acme.id)
    save_connection(office.crm, url=office.crm.url + "/v2", allow_internal=True, actor=alice)
    save_authentication(office.crm, type="bearer", secret=Secret("sk-new-1234567890"), actor=alice)
    after = compile_snapshot(office.cast.acme.id, before)
    assert before is not None and after is not None

    async def listen() -> None:
        runtime = Runtime()
        runtime.snapshots.by_slug["acme"] = after
        watchers = runtime.hub.watchers
        old, new = (
            Endpoint(row.id, row.kind, row.url, row.reach)
            for row in (snapshot.facts.connectors[office.crm.id] for snapshot in (before, after))
        )
        with pytest.raises(LookupError):
            watchers._credential("acme", old)
        with watchers._credential("acme", new) as credential:
            assert credential is not None

    asyncio.run(listen())
