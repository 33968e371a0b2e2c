"""OpenTelemetry: one span per governed call, its stages as events. For `pip install 'harriet[otel]'`.

Imported only where OTEL_TRACES_EXPORTER names an exporter; the SDK reads its other OTEL_* variables itself.
"""

from __future__ import annotations

from functools import cache
from time import perf_counter, time_ns

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from harriet.gateway.steps.stopwatch import STAGES
from harriet.lib.mcp.methods import TOOLS_CALL

try:
    from opentelemetry.context import Context
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import OTELResourceDetector, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter
    from opentelemetry.trace import Span, SpanKind, Status, StatusCode, set_span_in_context
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
except ImportError:
    raise ImproperlyConfigured(
        "OTEL_TRACES_EXPORTER asks for traces, but OpenTelemetry is not installed. Run: pip install 'harriet[otel]'"
    ) from None

from harriet.gateway.policy.grant import Grant
from harriet.gateway.steps.request import Call

FLUSH_MS = 3000
_EXPORTERS = {"otlp": OTLPSpanExporter, "console": ConsoleSpanExporter}
_context = TraceContextTextMapPropagator()


class Spans:
    """Begins and ends the spans of one process. Sampling is as OTEL_TRACES_SAMPLER says."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("harriet.gateway")

    @staticmethod
    @cache
    def shared() -> Spans:
        """Made in the process that uses it, never before a fork: it has a thread."""
        resource = Resource({"service.name": "harriet"}).merge(OTELResourceDetector().detect())
        provider = TracerProvider(resource=resource)
        provider.add_span_processor(BatchSpanProcessor(_EXPORTERS[settings.TRACES_EXPORTER]()))
        return Spans(provider)

    def begin(self, call: Call, grant: Grant) -> None:
        """From here on the server is told our span as the parent of its own."""
        span = self._started(call)
        if call.method == TOOLS_CALL:
            span.set_attribute("gen_ai.tool.name", grant.tool.name)
        call.stopwatch.span = span
        if call.bound_meta is not None:
            return  # it runs as it was approved, whoever runs it: no trace context leaves
        ours: dict[str, str] = {}
        _context.inject(ours, context=_with(span))
        call.meta = {key: value for key, value in call.meta.items() if key != "tracestate"} | ours

    def end(self, call: Call, connector: str, outcome: str) -> None:
        """Ends the call's span; one that never began begins here, so that refusals have one too."""
        span = call.stopwatch.span or self._started(call)
        call.stopwatch.span = None
        span.update_name(f"{call.method} {connector}".strip())
        span.set_attributes({"harriet.connector": connector, "harriet.outcome": outcome})
        _add_stages(span, call)
        if outcome != "ok":
            span.set_status(Status(StatusCode.ERROR, outcome))
        span.end()

    def flush(self) -> None:
        self._provider.force_flush(FLUSH_MS)

    def _started(self, call: Call) -> Span:
        parents = {key: call.meta[key] for key in ("traceparent", "tracestate") if key in call.meta}
        return self._tracer.start_span(
            call.method,
            context=_context.extract(parents),
            kind=SpanKind.SERVER,
            start_time=_at(call.stopwatch.began),
            attributes={
                "mcp.method.name": call.method,
                "harriet.organization": call.snapshot.facts.slug,
                "harriet.request_id": str(call.request_id),
            },
        )


def _with(span: Span) -> Context:
    return set_span_in_context(span, Context())


def _at(moment: float) -> int:
    """Nanoseconds since 1970 of a moment of the performance counter."""
    return time_ns() - round((perf_counter() - moment) * 1e9)


def _add_stages(span: Span, call: Call) -> None:
    """An event at the end of each stage, as if the call had gone through them once, without waiting for people."""
    at = call.stopwatch.began
    for name, seconds in zip(STAGES, call.stopwatch.spent, strict=True):
        if seconds:
            at += seconds
            span.add_event(name, {"seconds": round(seconds, 6)}, timestamp=_at(at))
