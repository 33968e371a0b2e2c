"""An ended session is over at every process, however its id is spelled and whatever the processes had heard."""

from __future__ import annotations

import asyncio
import json
from uuid import UUID

import pytest
from django.db import connection
from django.db.models.functions import Now

from connectors.access.facts import ProfileRow
from harriet.gateway.models import ClientSession
from harriet.gateway.policy.principal import Principal, bearers_with
from harriet.gateway.streams.sessions import ClientSessions, _opened
from harriet.people.models import AccessToken
from tests.gateway.test_listen_streams import InSession, heard, stream
from tests.stage.clients import Client
from tests.stage.facts import snapshot_of
from tests.stage.office import Office
from tests.stage.processes import Gateway
from tests.stage.waiting import wait_for

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@pytest.fixture
def session(gateway: Gateway, second_gateway: Gateway, dana: Client, office: Office) -> InSession:
    Client(second_gateway, office.token).until(200)
    return InSession(gateway, office.token).begin()


def spellings(session_id: str) -> list[str]:
    """Texts that a forgiving reader takes for the same bytes, or for the same id."""
    near = LETTERS[LETTERS.index(session_id[-1]) ^ 1]
    return [
        *(session_id + "=" * n for n in (1, 2, 3)),
        session_id[:-1] + near,
        session_id.replace("-", "+").replace("_", "/") + "=",
        session_id.swapcase(),
        session_id[:9] + "." + session_id[9:],
        session_id[:9] + "\t" + session_id[9:],
    ]


def id_of(session: InSession) -> UUID:
    """What Harriet's key sealed into the id."""
    return UUID(bytes=_opened(session.session, *dana_at_work()).id)


def dana_at_work() -> tuple[Principal, ProfileRow]:
    token = AccessToken.objects.get()
    (principal,) = bearers_with(token.organization_id, [token.pk]).values()
    return principal, snapshot_of(token.organization_id).profiles["work"]


def test_the_other_process_hears_of_it(session: InSession, second_gateway: Gateway) -> None:
    for _ in range(10):
        session.session = ""
        session.begin()
        there = session.at(second_gateway)
        assert there.request("ping").status == 200
        assert session.end() == 204
        assert session.request("ping").status == 404
        wait_for(lambda there=there: there.request("ping").status == 404)  # type: ignore[misc]
        assert there.end() == 404


def test_one_that_the_other_process_never_met_is_over_there_too(session: InSession, second_gateway: Gateway) -> None:
    assert session.end() == 204
    assert session.at(second_gateway).request("ping").status == 404


def test_no_other_spelling_of_an_id_is_taken(session: InSession, second_gateway: Gateway) -> None:
    for right in (session.session, InSession(session.gateway, session.token).begin().session):
        for spelled in spellings(right):
            for client in (session.at(second_gateway), session.at(session.gateway)):
                client.session = spelled
                assert client.request("ping").status == 404, spelled
                assert client.end() == 404
    assert session.request("ping").status == 200
    assert session.end() == 204
    for spelled in spellings(session.session):
        session.session = spelled
        assert session.at(second_gateway).request("ping").status == 404


@pytest.mark.parametrize("named", ["", "undefined", "that of an ended one"])
def test_whatever_id_an_initialize_brings_along_it_begins_a_session(session: InSession, named: str) -> None:
    """Some clients keep the header; directly, the official servers begin a session all the same."""
    if named.startswith("that"):
        named = session.session
        assert session.end() == 204
    hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "mcp", "version": "1"}}
    message = Client.message(session, "initialize", hello)
    answer = session.post(json.dumps(message).encode(), Client.headers(session, message) | {"mcp-session-id": named})
    assert (answer.status, answer.result["protocolVersion"]) == (200, "2025-11-25")
    assert answer.headers["mcp-session-id"] not in ("", named)


def test_an_unknown_session_is_told_with_the_id_of_the_request(session: InSession) -> None:
    assert session.end() == 204
    message = session.message("tools/list")
    answer = session.post(json.dumps(message).encode(), session.headers(message))
    assert (answer.status, answer.json["id"], answer.error["code"]) == (404, message["id"], 404)
    assert "Begin a new one with initialize" in answer.error["message"]


def test_its_stream_ends_at_the_other_process(session: InSession, second_gateway: Gateway) -> None:
    with stream(session.at(second_gateway), "GET") as listening:
        assert listening.status == 200
        assert session.end() == 204
        assert heard(listening) is None


def test_a_lost_word_is_made_up_for(session: InSession, second_gateway: Gateway) -> None:
    """The connection on which a process hears of changes breaks, and the end falls into that moment."""
    there = session.at(second_gateway)
    assert there.request("ping").status == 200
    row = ClientSession(id=id_of(session), token_id=AccessToken.objects.get().pk, ended_at=Now())
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = 'harriet gateway' AND datname = current_database() AND query NOT LIKE 'COPY%'"
        )
        row.save()  # and nobody is notified
    wait_for(lambda: there.request("ping").status == 404)


def test_what_two_processes_learn_at_once_is_all_kept(office: Office, dana: Client) -> None:
    """Neither writes over what the other has just written, though neither has heard of it yet."""
    principal, profile = dana_at_work()
    here, there = ClientSessions(), ClientSessions()
    header = here.issue(principal, profile, "2025-11-25", {}, "listener")

    async def story() -> None:
        mine, theirs = [await each.open(header, principal, profile) for each in (here, there)]
        await here.subscribe(mine, "memo://1")
        await there.subscribe(theirs, "memo://2")
        await here.set_log_level(mine, "error")
        await there.end(theirs)
        await here.unsubscribe(mine, "memo://1")

    asyncio.run(story())
    row = ClientSession.objects.get()
    assert (row.subscriptions, row.log_level, row.ended_at is None) == (["memo://2"], "error", False)
