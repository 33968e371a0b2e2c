"""Numbers for Prometheus: all web processes' together, for whoever has the token, and each one documented."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from django.conf import settings
from prometheus_client.parser import text_string_to_metric_families

from tests.servers.running import ROOT, free_port
from tests.stage.clients import Client
from tests.stage.credentials import SECRET
from tests.stage.office import Office
from tests.stage.processes import Answer, Gateway
from tests.stage.waiting import wait_for

TOKEN = "metrics-token-0f5c1b9a7e"
Sample = dict[tuple[str, ...], float]


@pytest.fixture
def pair(transactional_db: None, tmp_path: Path) -> Iterator[tuple[Gateway, Gateway]]:
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.delete("harriet:metrics:sums", "harriet:metrics:processes")
    started = [Gateway(log=tmp_path / f"{number}.log", HARRIET_METRICS_TOKEN=TOKEN) for number in range(2)]
    for one in started:
        one.wait()
    yield started[0], started[1]
    for one in started:
        one.stop()


def ask(gateway: Gateway, token: str = TOKEN, method: str = "GET") -> Answer:
    return gateway.get("/metrics", method, {"authorization": f"Bearer {token}"})


def samples(gateway: Gateway, name: str, *labels: str) -> Sample:
    answer = ask(gateway)
    assert answer.status == 200 and answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return {
        tuple(sample.labels[label] for label in labels): sample.value
        for family in text_string_to_metric_families(answer.body.decode())
        for sample in family.samples
        if sample.name == name
    }


def both_stand_still(gateway: Gateway, name: str) -> bool:
    return list(samples(gateway, f"harriet_{name}", "process").values()) == [0.0, 0.0]


def test_either_process_answers_for_both(pair: tuple[Gateway, Gateway], office: Office) -> None:
    clients = [Client(one, office.token).until(200) for one in pair]
    for client in clients:
        assert client.call("echo", {"text": "hello"}).text == "hello"
    clients[0].call("fail")
    clients[1].call("no-such-tool-" + "x" * 50)
    labels = ("organization", "connector", "outcome")
    expected = {
        ("acme", "crm", "ok"): 2,
        ("acme", "crm", "error"): 1,
        ("acme", "", "refused"): 1,
    }
    for one in pair:
        wait_for(lambda one=one: samples(one, "harriet_calls_total", *labels) == expected)  # type: ignore[misc]
        count = samples(one, "harriet_call_stage_seconds_count", "stage")
        stages = ("authorize", "gate", "audit", "vault", "upstream", "clean", "whole")
        assert count == {(stage,): 3.0 for stage in stages}
        assert samples(one, "harriet_call_stage_seconds_sum", "stage")["upstream",] > 0
        assert samples(one, "harriet_connector_up", "organization", "connector") == {("acme", "crm"): 1.0}
        assert set(samples(one, "harriet_snapshot_age_seconds", "organization")) == {("acme",)}
        for name in ("running_calls", "open_streams", "waiting_calls", "audit_queue_events"):
            wait_for(lambda one=one, name=name: both_stand_still(one, name))  # type: ignore[misc]
        for name in ("resident_memory_bytes", "cpu_seconds_total"):
            assert all(value > 0 for value in samples(one, f"harriet_process_{name}", "process").values())
        assert len(samples(one, "harriet_audit_commit_age_seconds", "process")) == 2
        text = ask(one).body.decode()
        for private in (SECRET, office.token, TOKEN, "dana", "Dana", "no-such-tool", "laptop", "hello"):
            assert private not in text


def test_what_was_counted_survives_its_process(pair: tuple[Gateway, Gateway], office: Office) -> None:
    Client(pair[0], office.token).until(200).call("echo", {"text": "hello"})
    labels = ("connector", "outcome")
    wait_for(lambda: samples(pair[1], "harriet_calls_total", *labels) == {("crm", "ok"): 1})
    pair[0].stop(signal.SIGKILL)
    assert samples(pair[1], "harriet_calls_total", *labels) == {("crm", "ok"): 1}
    wait_for(lambda: len(samples(pair[1], "harriet_running_calls", "process")) == 1)


def test_only_the_token_opens_it(pair: tuple[Gateway, Gateway], gateway: Gateway, office: Office) -> None:
    assert gateway.get("/metrics").status == ask(gateway).status == 404
    for token in ("", TOKEN[:-1], TOKEN + "x", office.token, "tökén"):
        answer = ask(pair[0], token)
        assert answer.status == 401 and answer.headers["www-authenticate"] == "Bearer"
        assert b"harriet_" not in answer.body
    assert pair[0].get(f"/metrics?token={TOKEN}").status == 401
    assert ask(pair[0], method="POST").status == 405


def test_it_says_when_redis_is_away(
    committed_cast: object, tmp_path: Path, office: Office, start_gateway: Callable[..., Gateway]
) -> None:
    nowhere = f"redis://127.0.0.1:{free_port()}/0"
    lonely = Gateway(log=tmp_path / "lonely.log", HARRIET_METRICS_TOKEN=TOKEN, REDIS_URL=nowhere)
    try:
        lonely.wait()
        assert ask(lonely).status == 503
        assert Client(lonely, office.token).until(200).call("echo", {"text": "still"}).text == "still"
    finally:
        lonely.stop()


def test_each_metric_is_documented_and_nothing_else_is() -> None:
    from harriet.gateway.metrics_page import CALLS, HELP, OF_PROCESSES
    from harriet.gateway.steps.stopwatch import STAGES

    text = (ROOT / "docs" / "metrics.md").read_text()
    documented = set(re.findall(r"^\| `(harriet_\w+)` \|", text, re.MULTILINE))
    counters = {CALLS, "harriet_process_cpu_seconds"}
    assert documented == {f"{name}_total" if name in counters else name for name in HELP}
    assert set(OF_PROCESSES) <= set(HELP)
    named = set(re.findall(r"harriet_[a-z_]+", text)) - documented
    assert named == {"harriet_call_stage_seconds_bucket"}
    for word in (*STAGES, "whole", "ok", "error", "timeout", "cancelled", "refused", "unknown", "held"):
        assert f"`{word}`" in text
