"""The log as a file: one event a line, page by page, so that an export of any size holds one page in memory."""

from __future__ import annotations

import csv
import re
from collections.abc import AsyncIterator, Callable
from io import StringIO
from typing import Any
from uuid import UUID

import orjson
from asgiref.sync import sync_to_async

from audit.models import Event
from audit.queries import EventFilters, event_page
from audit.vocabulary.declaration import LABELS, WORDS

PAGE = 1000
_FORMULA = re.compile(r"[\t\r\n]|[\s\ufeff\u200b-\u200f\u202a-\u202e\u2060-\u2069]*[-=+@＝＋－＠]")
"""How a formula begins, also behind what nobody sees, and in the wide characters of East Asia."""
_COLUMNS = ("time (UTC)", "what happened", "event", "actor", *LABELS, *WORDS, "request", "id", "not an event because")
Lines = Callable[[list[Event]], bytes]


async def pages_of(
    organization_id: UUID, filters: EventFilters, lines: Lines, head: bytes = b""
) -> AsyncIterator[bytes]:
    """No transaction stays open in between."""
    yield head
    cursor = ""
    while True:
        page = await sync_to_async(event_page)(organization_id, filters, cursor, PAGE)
        yield lines(page.events)
        if not page.older:
            return
        cursor = page.older


def json_lines(events: list[Event]) -> bytes:
    """As it was recorded, with its MAC: what an independent check needs."""
    return b"".join(_json_line(event) for event in events)


def _json_line(event: Event) -> bytes:
    told: dict[str, Any] = {
        "sentence": event.sentence,
        "recorded_at": event.recorded_at,
        "body": event.body,
        "mac": bytes(event.mac).hex(),
    }
    if event.wrong:
        told["wrong"] = event.wrong
    return orjson.dumps(told) + b"\n"


def csv_head() -> bytes:
    """With the mark by which spreadsheets know UTF-8."""
    return b"\xef\xbb\xbf" + _written([list(_COLUMNS)])


def csv_lines(events: list[Event]) -> bytes:
    return _written([_csv_row(event) for event in events])


def _csv_row(event: Event) -> list[str]:
    fields = event.fields
    named = [_label(fields.get(name)) for name in ("actor", *LABELS)]
    words = [str(fields.get(name) or "") for name in WORDS]
    row = [f"{event.recorded_at:%Y-%m-%d %H:%M:%S}", event.sentence, event.code, *named, *words]
    return [csv_cell(text) for text in (*row, str(event.request_id), str(event.pk), event.wrong)]


def _label(value: Any) -> str:
    return str(value.get("label", "")) if isinstance(value, dict) else ""


def csv_cell(text: str) -> str:
    """What a spreadsheet would take for a formula is text to it, behind an apostrophe."""
    return f"'{text}" if _FORMULA.match(text) else text


def _written(rows: list[list[str]]) -> bytes:
    """All in quotes: a semicolon in a name begins no cell where spreadsheets separate by it."""
    out = StringIO()
    csv.writer(out, lineterminator="\r\n", quoting=csv.QUOTE_ALL).writerows(rows)
    return out.getvalue().encode("utf-8", "replace")
