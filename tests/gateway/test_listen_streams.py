"""What lives longer than a request: sessions without sticky routing, and streams on which clients hear of changes."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from harriet.gateway.models import ClientSession
from harriet.people.actions.revoke_token import revoke_token
from harriet.people.actors import actor_of
from harriet.people.models import AccessToken
from tests.stage.clients import META, Client, ModernClient
from tests.stage.office import Office
from tests.stage.processes import Gateway, Process
from tests.stage.tokens import device_token
from tests.stage.waiting import wait_for

HELLO = {"protocolVersion": "2025-11-25", "capabilities": {"roots": {}}, "clientInfo": {"name": "listener"}}


class InSession(Client):
    session = ""

    def begin(self) -> InSession:
        self.session = self.request("initialize", HELLO).headers["mcp-session-id"]
        return self

    def headers(self, message: dict[str, Any]) -> dict[str, str]:
        more = {"mcp-session-id": self.session} if self.session else {}
        return {**super().headers(message), **more}

    def at(self, gateway: Process) -> InSession:
        """The same session at another process."""
        other = InSession(gateway, self.token, self.path)
        other.session = self.session
        return other

    def end(self) -> int:
        return self.gateway.get(self.path, "DELETE", self.headers({})).status


@contextmanager
def stream(client: Client, method: str, body: bytes = b"", message: Any = None) -> Iterator[http.client.HTTPResponse]:
    connection = http.client.HTTPConnection("127.0.0.1", client.gateway.port, timeout=60)
    connection.request(method, client.path, body or None, client.headers(message or {}))
    try:
        yield connection.getresponse()
    finally:
        if connection.sock is not None:  # a thread that still reads would be waited for
            with suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)
        connection.close()


def heard(response: http.client.HTTPResponse) -> dict[str, Any] | None:
    """The next message; None at the end of the stream."""
    while line := response.readline():
        if line.startswith(b"data: {"):
            return dict(json.loads(line[5:]))
    return None


def test_a_get_without_a_session_is_not_allowed(dana: Client) -> None:
    """405, and not 400: some clients ask again and again after a 400."""
    answer = dana.gateway.get(dana.path, headers={**dana.headers({}), "accept": "text/event-stream"})
    assert (answer.status, answer.headers["allow"]) == (405, "POST")


def test_any_process_knows_a_session_until_it_ends(
    gateway: Gateway, second_gateway: Gateway, office: Office, dana: Client
) -> None:
    here = InSession(gateway, office.token).begin()
    Client(second_gateway, office.token).until(200)
    there = here.at(second_gateway)
    assert there.request("ping").result == {}
    assert not ClientSession.objects.exists(), "a session that learns nothing needs no row"
    assert there.request("logging/setLevel", {"level": "error"}).result == {}
    assert ClientSession.objects.get().log_level == "error"
    assert here.end() in (200, 204)
    wait_for(lambda: there.request("ping").status == 404)
    assert here.request("ping").status == 404


def test_a_session_survives_the_process_that_began_it(office: Office, start_gateway: Any) -> None:
    first = start_gateway()
    Client(first, office.token).until(200)
    session = InSession(first, office.token).begin()
    first.kill_and_restart()
    Client(first, office.token).until(200)
    assert session.request("ping").result == {}


def test_a_session_is_its_owners_alone(gateway: Gateway, office: Office, dana: Client) -> None:
    session = InSession(gateway, office.token).begin()
    phone = InSession(gateway, device_token(office.cast.acme, office.cast.dana, "phone"))
    phone.until(200)
    phone.session = session.session
    assert phone.request("ping").status == 404
    session.session = session.session[:-2] + "xx"
    assert session.request("ping").status == 404


def test_a_session_hears_of_changed_lists(gateway: Gateway, office: Office, dana: Client) -> None:
    session = InSession(gateway, office.token).begin()
    with stream(session, "GET") as response:
        assert response.status == 200
        assert response.getheader("content-type") == "text/event-stream"
        office.tools["echo"].is_enabled = False
        office.tools["echo"].save()
        office.changed()
        assert heard(response) == {"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}


def listen(client: ModernClient, wanted: dict[str, Any]) -> tuple[bytes, dict[str, Any]]:
    message = client.message("subscriptions/listen", {"notifications": wanted, "_meta": META})
    return json.dumps(message).encode(), message


def test_a_subscription_is_acknowledged_tagged_and_ended(gateway: Gateway, office: Office, dana: Client) -> None:
    client = ModernClient(gateway, office.token)
    body, message = listen(client, {"toolsListChanged": True, "promptsListChanged": True})
    tag = {"io.modelcontextprotocol/subscriptionId": message["id"]}
    with stream(client, "POST", body, message) as response:
        first = heard(response)
        assert first is not None
        assert first["method"] == "notifications/subscriptions/acknowledged"
        assert first["params"] == {"notifications": {"toolsListChanged": True}, "_meta": tag}, "there are no prompts"
        office.tools["echo"].is_enabled = False
        office.tools["echo"].save()
        office.changed()
        changed = heard(response)
        assert changed is not None
        assert (changed["method"], changed["params"]["_meta"]) == ("notifications/tools/list_changed", tag)
        revoke_token(AccessToken.objects.get(), actor=actor_of(office.cast.alice))
        last = heard(response)
        assert last is not None
        assert last["id"] == message["id"]
        assert heard(response) is None


def test_web_pages_of_our_own_may_call_and_others_may_not(gateway: Gateway, office: Office, dana: Client) -> None:
    ours, evil = f"http://localhost:{gateway.port}", "https://evil.example"
    asked = {"origin": ours, "access-control-request-headers": "authorization, mcp-param-region"}
    preflight = gateway.get(dana.path, "OPTIONS", asked)
    assert preflight.status == 204
    assert preflight.headers["access-control-allow-origin"] == ours
    assert preflight.headers["access-control-allow-headers"] == "authorization, mcp-param-region"
    message = dana.message("tools/list")
    answer = dana.post(json.dumps(message).encode(), {**dana.headers(message), "origin": ours})
    assert answer.status == 200
    assert "mcp-session-id" in answer.headers["access-control-expose-headers"]
    refused = dana.post(json.dumps(message).encode(), {**dana.headers(message), "origin": evil})
    assert refused.status == 403
    assert "access-control-allow-origin" not in refused.headers
    assert gateway.get(dana.path, "OPTIONS", {"origin": evil}).status == 403


def test_a_page_that_calls_without_a_token_can_read_why_it_may_not(gateway: Gateway, dana: Client) -> None:
    ours = f"http://localhost:{gateway.port}"
    headers = {"origin": ours, "content-type": "application/json"}
    answer = gateway.send("POST", dana.path, b"{}", headers)
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (401, ours)
