"""The form of the server's log."""

from __future__ import annotations

import json
import logging
from uuid import UUID

from connectors.errors import UpstreamBroken, UpstreamTimeout
from harriet.lib.ids import new_id
from harriet.lib.logs import JsonLines, TextLines, logged_for


def record(message: str = "It %s.\nSo", *args: object, **more: object) -> logging.LogRecord:
    made = logging.LogRecord("harriet.x", logging.WARNING, __file__, 1, message, args or ("works",), None)
    made.__dict__.update(more)
    return made


def with_request(form: logging.Formatter, of: logging.LogRecord) -> tuple[UUID, str]:
    request = new_id()
    token = logged_for.set(request)
    try:
        return request, form.format(of)
    finally:
        logged_for.reset(token)


def test_a_json_line_says_when_who_what_and_for_whom() -> None:
    request, line = with_request(JsonLines(), record(fields={"connector": "crm"}))
    assert "\n" not in line
    read = json.loads(line)
    assert read.pop("time").endswith("+00:00")
    assert read.pop("process") > 0
    assert read == {
        "level": "WARNING",
        "logger": "harriet.x",
        "message": "It works.\nSo",
        "request_id": str(request),
        "connector": "crm",
    }


def test_an_exception_stays_on_its_line() -> None:
    try:
        raise ValueError("broken")
    except ValueError as problem:
        made = record()
        made.exc_info = (ValueError, problem, problem.__traceback__)
    line = JsonLines().format(made)
    assert "\n" not in line
    assert json.loads(line)["exception"].endswith("ValueError: broken")


def test_a_text_line_names_the_request_if_there_is_one() -> None:
    assert TextLines().format(record("Plain %s", "words")).endswith("WARNING harriet.x: Plain words")
    request, line = with_request(TextLines(), record("Plain %s", "words"))
    assert line.endswith(f"Plain words (request {request})")


def test_a_problem_that_quotes_a_server_is_told_by_its_kind() -> None:
    said = UpstreamBroken("The server answered: “no such key sk-live-1”.")
    for form in (JsonLines(), TextLines()):
        line = form.format(record("Connector %s broke off: %s", "crm", said))
        assert "Connector crm broke off: UpstreamBroken" in line
        assert "sk-live-1" not in line
        line = form.format(record("It ended: %s", UpstreamTimeout("The server did not answer within 5 seconds.")))
        assert "It ended: The server did not answer within 5 seconds." in line
