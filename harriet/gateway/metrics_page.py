"""GET /metrics for Prometheus: all processes' numbers, for whoever knows the installation's metrics token."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Iterator
from itertools import accumulate
from typing import TYPE_CHECKING

from django.conf import settings
from redis.exceptions import RedisError

from connectors.models import Connector
from harriet.gateway.http.asgi import Scope, Send
from harriet.gateway.http.bearer import token_in
from harriet.gateway.http.reply import HttpReply
from harriet.gateway.metrics.connectors import Standings
from harriet.gateway.metrics.counters import BOUNDS, WHOLE
from harriet.gateway.metrics.shared import ProcessStanding, Shared
from harriet.gateway.runtime import Runtime
from harriet.gateway.steps.stopwatch import STAGES

if TYPE_CHECKING:
    from prometheus_client.core import Metric

log = logging.getLogger(__name__)

CALLS = "harriet_calls"
STAGE = "harriet_call_stage_seconds"
SNAPSHOT_AGE = "harriet_snapshot_age_seconds"
UP = "harriet_connector_up"
HELP = {
    CALLS: "Calls by how they ended; held ones are counted again when they end.",
    STAGE: "Seconds that calls spent in each stage, and in all of them; refused ones and people's decisions left out.",
    UP: "Whether the connector's server answers: 1, or 0 when its calls pause or fail.",
    SNAPSHOT_AGE: "Seconds since a web process last knew its rules to be current; the worst process.",
    "harriet_running_calls": "Calls under way.",
    "harriet_open_streams": "Streams on which clients listen.",
    "harriet_waiting_calls": "Held calls whose client waits for the decision.",
    "harriet_audit_queue_events": "Events that wait for the audit log.",
    "harriet_audit_commit_age_seconds": "Seconds since the process last wrote to the audit log.",
    "harriet_process_resident_memory_bytes": "Memory of the web process.",
    "harriet_process_cpu_seconds": "CPU time of the web process.",
}
"""Every metric there is. docs/metrics.md says the same at greater length."""

OF_PROCESSES = {
    "harriet_running_calls": "running",
    "harriet_open_streams": "streams",
    "harriet_waiting_calls": "waiting",
    "harriet_audit_queue_events": "queue",
    "harriet_audit_commit_age_seconds": "commit_age",
    "harriet_process_resident_memory_bytes": "rss",
    "harriet_process_cpu_seconds": "cpu",
}


async def serve_metrics(scope: Scope, send: Send, runtime: Runtime) -> None:
    """Nothing is there unless the installation has a token. Where a request comes from says nothing: behind a proxy
    on this machine, all of them come from here."""
    shelf, reply = runtime.observer.shelf, HttpReply(send, b"")
    if shelf is None:
        await reply.finish(404, b'{"status":"There is no such page."}')
    elif not is_allowed(dict(scope["headers"])):
        body = b'{"status":"Send the metrics token in the header Authorization: Bearer."}'
        await reply.finish(401, body, (b"www-authenticate", b"Bearer"))
    elif scope["method"] != "GET":
        await reply.finish(405, b'{"status":"Ask with GET."}', (b"allow", b"GET"))
    else:
        try:
            await shelf.share()
            shared = await shelf.shared()
        except (RedisError, OSError) as problem:
            log.warning("The metrics could not be read from Redis (%s).", type(problem).__name__)
            await reply.finish(503, b'{"status":"Redis does not answer; the metrics of all processes are there."}')
        else:
            await _send_text(send, exposition(shared, await runtime.connectors.read()))


async def _send_text(send: Send, text: bytes) -> None:
    headers = [(b"content-type", b"text/plain; version=0.0.4; charset=utf-8"), (b"content-length", b"%d" % len(text))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": text})


def is_allowed(headers: dict[bytes, bytes]) -> bool:
    """Whether the request bears the installation's metrics token."""
    return hmac.compare_digest(token_in(headers).encode(), settings.METRICS_TOKEN.encode())


def exposition(shared: Shared, standings: Standings) -> bytes:
    """In the text form that every Prometheus reads."""
    from prometheus_client import CollectorRegistry, generate_latest  # loaded by whoever is asked, once

    class Collected:
        def collect(self) -> Iterator[Metric]:
            yield from families(shared, standings)

    registry = CollectorRegistry(auto_describe=False)
    registry.register(Collected())
    return generate_latest(registry)


def families(shared: Shared, standings: Standings) -> Iterator[Metric]:
    """Every metric."""
    from prometheus_client.core import GaugeMetricFamily

    yield _calls(shared, standings)
    yield _stages(shared)
    up = GaugeMetricFamily(UP, HELP[UP], labels=("organization", "connector"))
    for row in standings.connectors:
        if row.state == Connector.State.ACTIVE and row.health != Connector.Health.UNKNOWN:
            up.add_metric((row.organization, row.connector), float(row.health == Connector.Health.UP))
    yield up
    ages = GaugeMetricFamily(SNAPSHOT_AGE, HELP[SNAPSHOT_AGE], labels=("organization",))
    for slug, age in sorted(_oldest(shared.processes).items()):
        ages.add_metric((slug,), age)
    yield ages
    yield from _standing(shared.processes)


def _calls(shared: Shared, standings: Standings) -> Metric:
    """Of connectors that still are: what was removed is not named for ever."""
    from prometheus_client.core import CounterMetricFamily

    known = {(slug, "") for slug in standings.organizations}
    known |= {(row.organization, row.connector) for row in standings.connectors}
    family = CounterMetricFamily(CALLS, HELP[CALLS], labels=("organization", "connector", "outcome"))
    for field, number in sorted(shared.sums.items()):
        kind, *labels = field.split("|")
        if kind == "calls" and tuple(labels[:2]) in known:
            family.add_metric(labels, number)
    return family


def _stages(shared: Shared) -> Metric:
    from prometheus_client.core import HistogramMetricFamily

    family = HistogramMetricFamily(STAGE, HELP[STAGE], labels=("stage",))
    for name in (*STAGES, WHOLE):
        counts = [shared.sums.get(f"stage|{name}|{bucket}", 0) for bucket in range(len(BOUNDS) + 1)]
        ends = [*(str(bound) for bound in BOUNDS), "+Inf"]
        buckets = list(zip(ends, map(float, accumulate(counts)), strict=True))
        family.add_metric((name,), buckets, shared.sums.get(f"stage|{name}|micros", 0) / 1e6)
    return family


def _oldest(processes: list[ProcessStanding]) -> dict[str, float]:
    ages: dict[str, float] = {}
    for process in processes:
        for slug, age in process.snapshot_ages.items():
            ages[slug] = max(age, ages.get(slug, 0.0))
    return ages


def _standing(processes: list[ProcessStanding]) -> Iterator[Metric]:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

    for name, field in OF_PROCESSES.items():
        make = CounterMetricFamily if field == "cpu" else GaugeMetricFamily
        family = make(name, HELP[name], labels=("process",))
        for process in sorted(processes, key=lambda one: one.name):
            value = getattr(process, field)
            if value is not None:
                family.add_metric((process.name,), value)
        yield family
