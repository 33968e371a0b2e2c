"""What operators see of governed calls: numbers, spans and log lines. Never what is in a call, nor whose it is."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from django.conf import settings

from audit.event_body import NewEvent
from harriet.gateway.metrics.counters import CallCounts
from harriet.gateway.metrics.shared import ProcessStanding, Shelf
from harriet.gateway.policy.grant import Grant
from harriet.gateway.steps.request import Call
from harriet.lib.logs import logged_for

if TYPE_CHECKING:
    from harriet.gateway.metrics.spans import Spans

log = logging.getLogger("harriet.calls")


class Observer:
    """Told of each call when it begins and ends. What is switched off costs nothing but the asking."""

    def __init__(self, standing: Callable[[], ProcessStanding]) -> None:
        """`standing` looks how this process stands."""
        self.counts = CallCounts() if settings.METRICS_TOKEN else None
        self.shelf = Shelf(self.counts, standing) if self.counts is not None else None
        self._spans: Spans | None = None

    async def start(self, *, is_lasting: bool = True) -> None:
        """`is_lasting`: for the process's life, and not for a single call."""
        if settings.TRACES_EXPORTER:
            from harriet.gateway.metrics.spans import Spans

            self._spans = await asyncio.to_thread(Spans.shared)
        if self.shelf is not None and is_lasting:
            self.shelf.start()

    async def stop(self) -> None:
        if self.shelf is not None:
            await self.shelf.stop()
        if self._spans is not None:
            await asyncio.to_thread(self._spans.flush)

    def held(self, call: Call, grant: Grant) -> None:
        """Counted beside the call's end, which comes when a person has decided."""
        if self.counts is not None:
            self.counts.add(call.snapshot.facts.slug, grant.tool.connector.slug, "held")

    def begun(self, call: Call, grant: Grant) -> None:
        """The call is about to be written down and sent."""
        logged_for.set(call.request_id)
        call.stopwatch.skip()
        if self._spans is not None:
            self._spans.begin(call, grant)

    def ended(self, call: Call, event: NewEvent) -> None:
        """`event` is what the audit log is told: an outcome, or a refusal."""
        spans, counts, is_logged = self._spans, self.counts, log.isEnabledFor(logging.INFO)
        if counts is None and spans is None and not is_logged:
            return
        outcome = event.outcome or "refused"
        facts = call.snapshot.facts
        row = facts.connectors.get(event.connector_id) if event.connector_id is not None else None
        slug = row.slug if row is not None else ""
        if counts is not None:
            counts.add(facts.slug, slug, outcome)
            if event.outcome:  # a refusal went through none of the stages to its end
                counts.add_times(call.stopwatch.spent)
        if spans is not None:
            spans.end(call, slug, outcome)
        if is_logged:
            _log(call, slug, outcome)


def _log(call: Call, connector: str, outcome: str) -> None:
    fields = {
        "request_id": str(call.request_id),
        "organization": call.snapshot.facts.slug,
        "connector": connector,
        "method": call.method,
        "outcome": outcome,
        "milliseconds": round(sum(call.stopwatch.spent) * 1000, 1),
    }
    log.info("%s at %s: %s", call.method, connector or "no connector", outcome, extra={"fields": fields})
