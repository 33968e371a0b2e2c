"""One id for a request: what the client was given is what the log and the audit log say. And no secret in any line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.test import Client as DjangoClient

from audit.models import Event
from tests.ground.canary import Search
from tests.stage.cast import Cast
from tests.stage.clients import Client
from tests.stage.credentials import SECRET
from tests.stage.office import Office
from tests.stage.processes import Gateway, Upstream
from tests.stage.waiting import wait_for


@pytest.fixture
def chatty(transactional_db: None, tmp_path: Path) -> Iterator[Gateway]:
    process = Gateway(
        log=tmp_path / "chatty.log",
        HARRIET_LOG_FORMAT="json",
        HARRIET_LOG_LEVEL="DEBUG",
        GUNICORN_CMD_ARGS="--log-level debug",
    )
    process.wait()
    yield process
    process.stop()


def lines(gateway: Gateway) -> list[dict[str, Any]]:
    """Every line that it wrote, of whichever logger, is one JSON object."""
    assert gateway.log is not None
    read = [json.loads(line) for line in gateway.log.read_text().splitlines()]
    assert all({"time", "level", "logger", "message", "process"} <= set(line) for line in read)
    return read


def of(gateway: Gateway, logger: str) -> list[dict[str, Any]]:
    return [line for line in lines(gateway) if line["logger"] == logger]


def test_a_call_has_one_id(chatty: Gateway, office: Office, upstream: Upstream) -> None:
    client = Client(chatty, office.token).until(200)
    answer = client.call("echo", {"text": "hello"})
    request = answer.result["_meta"]["harriet/requestId"]
    refused = client.call("none-such", {}).error["data"]["requestId"]
    wait_for(lambda: len(of(chatty, "harriet.calls")) == 2)
    called, denied = of(chatty, "harriet.calls")
    milliseconds = called.pop("milliseconds")
    assert milliseconds > 0
    assert {key: called[key] for key in ("request_id", "organization", "connector", "method", "outcome")} == {
        "request_id": request,
        "organization": "acme",
        "connector": "crm",
        "method": "tools/call",
        "outcome": "ok",
    }
    assert (denied["request_id"], denied["outcome"], denied["connector"]) == (refused, "refused", "")
    wait_for(lambda: Event.objects.filter(request_id=request).count() == 2)
    wait_for(lambda: Event.objects.filter(request_id=refused, code="call.refused").count() == 1)


def test_a_page_has_one_id(chatty: Gateway) -> None:
    answer = chatty.get("/api/v1/connectors/?q=canary-query", headers={"x-request-id": "mine"})
    other = chatty.get("/api/v1/tokens/").headers["x-request-id"]
    request = answer.headers["x-request-id"]
    assert UUID(request).version == UUID(other).version == 7 and request != other
    wait_for(lambda: len(of(chatty, "django.request")) == 2)
    assert [line["request_id"] for line in of(chatty, "django.request")] == [request, other]
    assert chatty.log is not None
    assert "canary-query" not in chatty.log.read_text()


def test_what_a_page_causes_has_its_id(cast: Cast, client: DjangoClient) -> None:
    client.force_login(cast.alice)
    page = client.post("/me/devices/tokens/new/", {"name": "Script", "expires_in_days": 90})
    event = Event.objects.order_by("-recorded_at")[0]
    assert page.headers["x-request-id"] == str(event.request_id)


def test_no_secret_is_in_any_line(chatty: Gateway, office: Office, upstream: Upstream) -> None:
    client = Client(chatty, office.token).until(200)
    search = Search()
    for name, value in (("secret", SECRET), ("token", office.token), ("payload", "payload-canary-77")):
        search.add(name, value)
    client.call("echo", {"text": "payload-canary-77"}, baggage="payload-canary-77=1")
    for form in ("raw", "base64-0", "nested"):
        client.call("leak", {"form": form})
    client.call("refuse", {"code": -32602})
    client.call("payload-canary-77", {})
    chatty.get(f"/mcp/acme/work?token={office.token}", "POST")
    chatty.get("/settings/?q=payload-canary-77", headers={"authorization": f"Bearer {office.token}"})
    upstream.kill_and_restart()
    client.call("echo", {"text": "payload-canary-77"})
    chatty.stop()
    assert len(lines(chatty)) > 12
    assert chatty.log is not None
    search.look("log", "all", chatty.log.read_bytes())
    assert not search.found
