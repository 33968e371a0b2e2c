"""JSON for the API, read as strictly as the gateway reads it: of one meaning, of bounded size and depth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework import status
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import JSONRenderer

from harriet.lib.json.canonical import NotRepresentable, parse_strict

_NUL = "The JSON has a NUL character (\\u0000) in a text. Remove it."


class TooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"


class StrictJSONParser(BaseParser):
    media_type = "application/json"
    renderer_class = JSONRenderer

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Raises ParseError (400) or TooLarge (413)."""
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        raw = stream.read(most + 1)
        if len(raw) > most:
            raise TooLarge(f"The request is larger than {most // 1024} KiB.")
        try:
            value = parse_strict(raw)
        except NotRepresentable as problem:
            raise ParseError(problem.message) from None
        if rb"\u0000" in raw and _has_nul(value):
            raise ParseError(_NUL)
        return value


def _has_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, list):
        return any(map(_has_nul, value))
    return isinstance(value, dict) and any("\x00" in name or _has_nul(inner) for name, inner in value.items())
