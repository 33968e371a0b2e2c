"""The form of the server's log: lines for people, or JSON for whatever collects them. Both name the request.

No payload, header, token or query belongs in a message; what is told here is what a program said.
"""

from __future__ import annotations

import json
import logging
from contextvars import ContextVar
from copy import copy
from datetime import UTC, datetime
from uuid import UUID

from harriet.lib.errors import Problem

logged_for: ContextVar[UUID | None] = ContextVar("harriet_logged_for", default=None)
"""The request that what is logged now belongs to: the id that its client and the audit log know it by."""


class TextLines(logging.Formatter):
    """One line a message, for people: time, level, logger, message, and the request that it belongs to."""

    def __init__(self) -> None:
        super().__init__("{asctime} {levelname} {name}: {message}", style="{")

    def format(self, record: logging.LogRecord) -> str:
        return super().format(_in_own_words(record))

    def formatMessage(self, record: logging.LogRecord) -> str:
        line = super().formatMessage(record)
        request = _request_of(record)
        return f"{line} (request {request})" if request is not None else line


class JsonLines(logging.Formatter):
    """One JSON object a line. `extra={"fields": {…}}` adds members."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": _in_own_words(record).getMessage(),
            "process": record.process,
        }
        request = _request_of(record)
        if request is not None:
            line["request_id"] = str(request)
        line.update(getattr(record, "fields", {}))
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def _in_own_words(record: logging.LogRecord) -> logging.LogRecord:
    """A problem that quotes a server is told by its kind only: a server may quote the secret that it was sent."""
    if not isinstance(record.args, tuple) or not any(_quotes(arg) for arg in record.args):
        return record
    told = copy(record)
    told.args = tuple(type(arg).__name__ if _quotes(arg) else arg for arg in record.args)
    return told


def _quotes(arg: object) -> bool:
    return isinstance(arg, Problem) and arg.quotes_others


class RefusalsInOneLine(logging.Filter):
    """A traceback means a fault of ours. Django writes one for what it refuses, too (a foreign Host, a page that asks
    to sign in again): there the sentence says it all."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and getattr(record, "status_code", 500) < 500:
            record.exc_info = record.exc_text = None
            record.levelno, record.levelname = logging.WARNING, "WARNING"
        return True


def _request_of(record: logging.LogRecord) -> UUID | None:
    """Django writes about a page when it has left the page's request, but says which one it was."""
    return logged_for.get() or getattr(getattr(record, "request", None), "request_id", None)


FORMS: dict[str, type[logging.Formatter]] = {"text": TextLines, "json": JsonLines}
