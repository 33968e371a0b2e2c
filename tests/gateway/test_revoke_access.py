"""A revocation holds on every gateway process within one second, also when its notification is lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from connectors.models import Tool
from harriet.gateway.processes.notifications import LOOK_EVERY
from harriet.people.actions.deactivate_person import deactivate_person
from harriet.people.actions.revoke_token import revoke_token
from harriet.people.actions.set_person_groups import set_person_groups
from harriet.people.actors import actor_of
from harriet.people.models import AccessToken, Membership, OrganizationVersion
from tests.gateway.test_listen_streams import InSession, heard, listen, stream
from tests.stage.clients import Client, ModernClient
from tests.stage.office import Office
from tests.stage.processes import Answer, Gateway, Upstream
from tests.stage.waiting import wait_for

HELLO = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "by hand", "version": "1"}}
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]


def revoke_the_token(office: Office) -> None:
    revoke_token(AccessToken.objects.get(), actor=actor_of(office.cast.alice))


def deactivate_the_person(office: Office) -> None:
    membership = Membership.objects.get(user=office.cast.dana)
    deactivate_person(membership, actor=actor_of(office.cast.alice))


def take_from_the_group(office: Office) -> None:
    membership = Membership.objects.get(user=office.cast.dana)
    set_person_groups(membership, [], actor=actor_of(office.cast.alice))


def disable_the_tool(office: Office) -> None:
    from connectors.actions.set_tool import set_tool

    set_tool(Tool.objects.get(name="echo"), is_enabled=False, actor=actor_of(office.cast.alice))


REVOCATIONS = {
    "token": (revoke_the_token, 401),
    "person": (deactivate_the_person, 401),
    "group": (take_from_the_group, 404),
    "tool": (disable_the_tool, -32602),
}


def silently(revoke: Callable[[Office], None], office: Office) -> None:
    """The same change in the rows, with the version moved but no notification sent."""
    with psycopg.connect(settings.DATABASE_URL) as other:
        other.execute("CREATE SCHEMA IF NOT EXISTS deaf")
        other.execute(
            "CREATE OR REPLACE FUNCTION deaf.pg_notify(text, text) RETURNS void LANGUAGE sql AS 'SELECT NULL::void'"
        )
    connection.close()
    with connection.cursor() as cursor:
        cursor.execute("SET search_path = deaf, public, pg_catalog")
    before = OrganizationVersion.objects.get(pk=office.cast.acme.id).number
    revoke(office)
    assert OrganizationVersion.objects.get(pk=office.cast.acme.id).number > before
    with connection.cursor() as cursor:
        cursor.execute("RESET search_path")


def outcome(client: Client) -> int:
    answer = client.call("echo", {"text": "still there?"})
    if answer.status in (200, 400) and "error" in answer.json:
        return int(answer.error["code"])
    return answer.status


@pytest.mark.parametrize("is_heard", [True, False], ids=["notified", "notification lost"])
@pytest.mark.parametrize("what", REVOCATIONS)
def test_it_holds_on_two_processes(
    office: Office, gateway: Gateway, second_gateway: Gateway, what: str, is_heard: bool
) -> None:
    revoke, refused = REVOCATIONS[what]
    clients = [Client(gateway, office.token).until(200), Client(second_gateway, office.token).until(200)]
    assert [outcome(client) for client in clients] == [200, 200]
    revoke(office) if is_heard else silently(revoke, office)
    for client in clients:
        wait_for(lambda asking=client: outcome(asking) == refused)


def test_a_process_looks_twice_a_second_whether_it_is_told_or_not() -> None:
    """That is the second. Counted here, by its clock, a machine that is busy with other things would be late, too."""
    assert LOOK_EVERY <= 0.5


def test_calls_stop_when_the_database_can_not_be_asked(office: Office, dana: Client) -> None:
    """The connection is cut again and again, so that no look succeeds; after ten seconds nothing is let through."""
    end = time.monotonic() + 60
    name = settings.DATABASE_URL.rpartition("/")[2].partition("?")[0]
    admin = settings.DATABASE_URL.replace(f"/{name}", "/postgres", 1) if name else settings.DATABASE_URL
    with psycopg.connect(admin, autocommit=True) as other:
        other.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        try:
            other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
            while (answer := dana.request("ping")).status == 200:
                assert time.monotonic() < end
                time.sleep(0.2)
            assert answer.status == 503
            assert "database" in answer.error["message"]
            wait_for(lambda: dana.gateway.get("/health/ready").status == 503)  # the last look may be younger
        finally:
            other.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
    connection.close()
    dana.until(200)
    assert dana.gateway.get("/health/ready").status == 200


@pytest.mark.parametrize("era", [Client, ModernClient])
def test_a_call_under_way_ends_with_a_sentence_and_no_result(
    office: Office, gateway: Gateway, upstream: Upstream, era: type[Client]
) -> None:
    from audit.models import Event

    client = era(gateway, office.token).until(200)
    found: list[Answer] = []
    asking = threading.Thread(
        target=lambda: found.append(client.call("slow", {"text": "secret", "ms": 20_000}, progressToken=1))
    )
    asking.start()
    wait_for(lambda: bool(upstream.calls))
    revoke_the_token(office)
    asking.join(60)
    error = found[0].error
    assert (error["code"], "Your access to Harriet ended" in error["message"]) == (401, True)
    assert "whether the server carried it out is not known" in error["message"]
    wait_for(lambda: any("cancelled" in entry for entry in upstream.seen))
    wait_for(lambda: Event.objects.filter(code="call.outcome").exists())
    assert "Your access to Harriet ended" in Event.objects.get(code="call.outcome").body


def test_a_stream_that_listens_ends_with_a_sentence(
    office: Office, gateway: Gateway, modern_dana: ModernClient
) -> None:
    with stream(modern_dana, "POST", *listen(modern_dana, {"toolsListChanged": True})) as response:
        acknowledged = heard(response)
        assert acknowledged is not None
        revoke_the_token(office)
        *_, last = iter(lambda: heard(response), None)
    assert acknowledged["method"] == "notifications/subscriptions/acknowledged"
    assert (last["error"]["code"], "Your access to Harriet ended" in last["error"]["message"]) == (401, True)


def test_streams_end_and_the_next_request_is_told_why(
    office: Office, gateway: Gateway, second_gateway: Gateway, dana: Client
) -> None:
    """Whatever the client asks next, in its session or going on with a stream, at whichever process."""
    Client(second_gateway, office.token).until(200)
    session = InSession(gateway, office.token).begin()
    with stream(session, "GET") as here, stream(session.at(second_gateway), "GET") as there:
        assert (here.status, there.status) == (200, 200)
        revoke_the_token(office)
        assert (heard(here), heard(there)) == (None, None)
    for client in (session, session.at(second_gateway)):
        resumed = client.headers({}) | {"last-event-id": f"{'0' * 16}.x.1.NQ"}
        for answer in (
            client.request("ping"),
            client.call("echo", {"text": "still there?"}),
            gateway.get(client.path, "GET", client.headers({})),
            gateway.get(client.path, "GET", resumed),
            gateway.get(client.path, "DELETE", client.headers({})),
        ):
            assert answer.status == 401
            assert "revoked" in answer.error["message"]
            assert 'error="invalid_token"' in answer.headers["www-authenticate"]
            assert "revoked" in answer.headers["www-authenticate"]


def test_the_stream_of_a_session_ends_with_a_log_message(office: Office, dana: Client) -> None:
    """It answers no request, so there is no other way to say it; only to whom logs were offered."""
    office.crm.capabilities = {"logging": {}}
    office.crm.save()
    office.changed()
    wait_for(lambda: "logging" in dana.request("initialize", HELLO).result["capabilities"])
    session = dana.request("initialize", HELLO).headers["mcp-session-id"]
    client = InSession(dana.gateway, dana.token)
    client.session = session
    with stream(client, "GET") as response:
        assert response.status == 200
        revoke_the_token(office)
        (last,) = iter(lambda: heard(response), None)
    assert (last["method"], last["params"]["level"]) == ("notifications/message", "alert")
    assert "Your access to Harriet ended" in last["params"]["data"]
