"""The answer of a tool, as later steps see it: `text` is what it said, `result` its structured content, or the JSON in
that text."""

from __future__ import annotations

import json
from typing import Any

from approvals.runs.steps.base import StepProblem
from harriet.lib.text import excerpt

MOST_BYTES = 512 * 1024
"""Of an answer that is kept. Of a larger one nothing is: an expression over half of it would say what isn't so."""
_EDITED = "harriet/edited"
"""In `_meta`, of a call that somebody changed as they approved it; its first block says so."""
_TOO_LARGE = "The tool ran. Its answer has {} bytes, more than a run keeps, so later steps can use nothing of it."


def result_of_call(raw: bytes) -> dict[str, Any]:
    """Of the fields of a tool's result, as JSON. Raises StepProblem for the tool's own error."""
    fields = json.loads(raw)
    blocks = list(fields.get("content") or ())
    if _EDITED in (fields.get("_meta") or {}):
        blocks = blocks[1:]  # it tells a client's model that the call was changed; steps go by what the tool said
    text = "\n".join(str(one.get("text", "")) for one in blocks if one.get("type") == "text")
    if fields.get("isError"):
        raise StepProblem(f"The tool reported an error: {excerpt(text, 400) or 'it did not say which.'}")
    if len(raw) > MOST_BYTES:
        return {"note": _TOO_LARGE.format(len(raw))}
    structured = fields.get("structuredContent")
    return {"text": text, "result": structured if structured is not None else _parsed(text)}


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
