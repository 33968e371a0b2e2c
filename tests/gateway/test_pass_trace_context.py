"""A client's trace context reaches the server, and Harriet's own spans stand between the two."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.stage.clients import Client, ModernClient
from tests.stage.credentials import SECRET
from tests.stage.office import Office
from tests.stage.processes import Gateway, Upstream
from tests.stage.waiting import wait_for

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PARENT = f"00-{TRACE}-{SPAN}-01"
CONTEXT = {"traceparent": PARENT, "tracestate": "rojo=1", "baggage": "shift=night"}


def meta_at(upstream: Upstream) -> dict[str, Any]:
    meta: dict[str, Any] = upstream.calls[-1]["message"]["params"].get("_meta", {})
    return {key: value for key, value in meta.items() if "/" not in key}


@pytest.mark.parametrize("era", ["legacy", "modern"])
def test_the_server_gets_what_is_well_formed(
    era: str, dana: Client, modern_dana: ModernClient, upstream: Upstream
) -> None:
    client = dana if era == "legacy" else modern_dana
    client.call("echo", {"text": "a"}, **CONTEXT)
    assert meta_at(upstream) == CONTEXT
    client.call("echo", {"text": "b"}, **{**CONTEXT, "traceparent": "00-zero", "baggage": "a b"})
    assert meta_at(upstream) == {}


def test_http_headers_do_where_the_message_says_nothing(dana: Client, upstream: Upstream) -> None:
    headers = dana.headers({}) | {"traceparent": PARENT, "tracestate": "rojo=1", "baggage": "private=yes"}
    body = b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"text":"a"}}}'
    assert dana.post(body, headers).text == "a"
    assert meta_at(upstream) == {"traceparent": PARENT, "tracestate": "rojo=1"}


class Collector(HTTPServer):
    """Takes what an OTLP exporter sends."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Taker)
        self.received: list[bytes] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def spans(self) -> list[Span]:
        bodies = [ExportTraceServiceRequest.FromString(raw) for raw in self.received]
        return [
            span
            for body in bodies
            for resource in body.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


class _Taker(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Collector)
        self.server.received.append(self.rfile.read(int(self.headers["content-length"])))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        return


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector()
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture
def traced(collector: Collector, transactional_db: None, tmp_path: Path) -> Iterator[Gateway]:
    address = f"http://127.0.0.1:{collector.server_port}"
    process = Gateway(
        log=tmp_path / "traced.log",
        OTEL_TRACES_EXPORTER="otlp",
        OTEL_EXPORTER_OTLP_ENDPOINT=address,
        OTEL_BSP_SCHEDULE_DELAY="100",
    )
    process.wait()
    yield process
    process.stop()


def test_a_call_is_a_span_between_the_clients_and_the_servers(
    traced: Gateway, office: Office, upstream: Upstream, collector: Collector
) -> None:
    client = Client(traced, office.token).until(200)
    answer = client.call("echo", {"text": "payload-canary"}, **CONTEXT)
    client.call("fail", {})
    client.call("no-such-tool-canary", {})
    wait_for(lambda: len(collector.spans) == 3)
    ok, failed, refused = sorted(collector.spans, key=lambda span: span.start_time_unix_nano)
    assert (ok.trace_id.hex(), ok.parent_span_id.hex(), ok.trace_state) == (TRACE, SPAN, "rojo=1")
    assert [ok.name, failed.name, refused.name] == ["tools/call crm", "tools/call crm", "tools/call"]
    seen = [entry["message"]["params"]["_meta"] for entry in upstream.calls]
    assert seen[0] == {**CONTEXT, "traceparent": f"00-{TRACE}-{ok.span_id.hex()}-01"}
    assert seen[1]["traceparent"].startswith(f"00-{failed.trace_id.hex()}-{failed.span_id.hex()}-")

    attributes = {one.key: one.value.string_value for one in ok.attributes}
    assert attributes == {
        "mcp.method.name": "tools/call",
        "gen_ai.tool.name": "echo",
        "harriet.organization": "acme",
        "harriet.connector": "crm",
        "harriet.outcome": "ok",
        "harriet.request_id": answer.result["_meta"]["harriet/requestId"],
    }
    assert [event.name for event in ok.events] == ["authorize", "gate", "audit", "vault", "upstream", "clean"]
    moments = [ok.start_time_unix_nano, *(event.time_unix_nano for event in ok.events)]
    assert moments == sorted(moments)
    assert (ok.status.code, failed.status.code, refused.status.code) == (0, 2, 2)
    everything = b"".join(collector.received)
    for private in (SECRET, office.token, "canary", "dana", "Dana", "shift=night"):
        assert private.encode() not in everything
