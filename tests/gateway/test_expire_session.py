"""A session id is good for some days; the row that says that a session ended is kept for longer."""

from __future__ import annotations

import time

from harriet.gateway.models import SESSIONS_KEPT
from harriet.gateway.streams.sessions import GOOD_FOR, ClientSessions
from tests.gateway.test_listen_streams import InSession
from tests.stage.clients import Client
from tests.stage.facts import snapshot_of
from tests.stage.office import Office


def issued(office: Office, seconds_ago: float) -> str:
    """A session id that Harriet's key sealed so long ago."""
    sessions = ClientSessions(clock=lambda: time.time() - seconds_ago)
    snapshot = snapshot_of(office.cast.acme.pk, office.token)
    (principal,) = snapshot.callers.known().values()
    return sessions.issue(principal, snapshot.profiles["work"], "2025-11-25", {}, "listener")


def test_an_id_is_unknown_once_it_is_too_old(office: Office, dana: Client) -> None:
    session = InSession(dana.gateway, office.token)
    session.session = issued(office, GOOD_FOR.total_seconds() - 600)
    assert session.request("ping").result == {}
    session.session = issued(office, GOOD_FOR.total_seconds() + 600)
    refused = session.request("ping")
    assert refused.status == 404
    assert "Begin a new one with initialize" in refused.error["message"]


def test_rows_are_kept_longer_than_ids_are_good_for() -> None:
    assert GOOD_FOR < SESSIONS_KEPT
