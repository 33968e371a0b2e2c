"""Checks arguments and results against the pinned schemas; one compiled validator per tool definition."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import jsonschema_rs

from .errors import ToolRefusal

_KEPT = 4096
_TOLD = 3
_LINEAR = jsonschema_rs.RegexOptions()
"""Patterns come from servers: only an engine whose time grows with the input, not with its tricks."""
_BOUNDED = jsonschema_rs.FancyRegexOptions(backtrack_limit=100_000)
"""For patterns with look-around, which the linear engine doesn't know."""

Key = tuple[bytes, str]


class Schemas:
    """Validators by (tool digest, which schema): they survive every reload that doesn't change the definition."""

    def __init__(self) -> None:
        self._validators: OrderedDict[Key, jsonschema_rs.Validator] = OrderedDict()

    def check_arguments(self, digest: bytes, definition: Mapping[str, Any], arguments: Any) -> None:
        """Raises ToolRefusal with what is wrong, for the model to correct."""
        validator = self._validator(digest, definition, "inputSchema")
        if not validator.is_valid(arguments):
            raise ToolRefusal(f"The arguments don't fit the tool's schema: {_told(validator, arguments)}")

    def check_result(self, digest: bytes, definition: Mapping[str, Any], structured: Any) -> None:
        """Raises ToolRefusal when structured content isn't what the pinned definition promises."""
        validator = self._validator(digest, definition, "outputSchema")
        if not validator.is_valid(structured):
            raise ToolRefusal(
                "The server's answer doesn't fit the output schema that your IT admin accepted for this tool, so it "
                f"was not passed on: {_told(validator, structured)}"
            )

    def _validator(self, digest: bytes, definition: Mapping[str, Any], which: str) -> jsonschema_rs.Validator:
        key = (digest, which)
        found = self._validators.get(key)
        if found is None:
            found = self._validators[key] = _compiled(definition.get(which, {}))
            if len(self._validators) > _KEPT:
                self._validators.popitem(last=False)
        return found


def _compiled(schema: Any) -> jsonschema_rs.Validator:
    """Never fetches anything; values are masked in messages, because messages reach the audit log."""
    problem: Exception | None = None
    for patterns in (_LINEAR, _BOUNDED):
        try:
            return jsonschema_rs.validator_for(
                schema, mask="the value", validate_formats=False, offline=True, pattern_options=patterns
            )
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as found:
            problem = found
    raise ToolRefusal(
        "The server's schema for this tool is not valid JSON Schema, so the call can't be checked and was not made. "
        "Ask your IT admin to have the server's definition corrected."
    ) from problem


def _told(validator: jsonschema_rs.Validator, value: Any) -> str:
    sentences = []
    for error in validator.iter_errors(value):
        where = "/".join(str(part) for part in error.instance_path)
        sentences.append(f"{where}: {error.message}" if where else error.message)
        if len(sentences) == _TOLD:
            break
    return "; ".join(sentences)
