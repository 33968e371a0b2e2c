"""How large a message may be: the gateway says so before it has read all of it, and ends the connection in order."""

from __future__ import annotations

import http.client
import json

from django.conf import settings

from tests.stage.clients import Client


def test_a_body_that_announces_too_much_is_refused_at_once(dana: Client) -> None:
    headers = {**dana.headers({}), "content-length": str(settings.MCP_BODY_LIMIT + 1)}
    answer = dana.post(b"{", headers)
    assert (answer.status, answer.headers["connection"]) == (413, "close")
    assert answer.error["message"] == "The message is larger than 4 MiB."
    assert dana.request("tools/list").status == 200


def test_a_body_that_grows_too_large_is_refused(dana: Client) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", dana.gateway.port, timeout=60)
    pieces = [b" " * 65536] * (settings.MCP_BODY_LIMIT // 65536) + [b" "]
    try:
        connection.request("POST", dana.path, iter(pieces), dana.headers({}), encode_chunked=True)
        response = connection.getresponse()
        assert response.status == 413
        assert "larger than 4 MiB" in json.loads(response.read())["error"]["message"]
    finally:
        connection.close()
    assert dana.request("tools/list").status == 200


def test_a_body_up_to_the_limit_is_read(dana: Client) -> None:
    message = dana.message("ping")
    body = json.dumps(message).encode()
    answer = dana.post(body + b" " * (settings.MCP_BODY_LIMIT - len(body)), dana.headers(message))
    assert answer.result == {}
