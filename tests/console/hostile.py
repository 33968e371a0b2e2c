"""What no person types: values that broke a page somewhere, and the names of everything that a page reads."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from django import forms
from rest_framework.serializers import BaseSerializer, Serializer

ROOT = Path(__file__).resolve().parents[2]
APPS = ("harriet", "connectors", "approvals", "vault", "audit")

TEXTS = (
    "\x00",
    "a\x00b",
    "9" * 30,
    "-1",
    "0",
    "1e400",
    "NaN",
    "9" * 5000,
    "0000-00-00T00:00:00Z",
    "0000-01-01",
    "9999-12-31T23:59:59+23:59",
    "00000000-0000-0000-0000-000000000000",
    "not-a-uuid",
    "٣",
    "\u202e\ufffe\U0010ffff",
    "'\"<script>{{7*7}}{%",
    "../../etc/passwd",
    "http://[::1",
    "//evil.example/",
    "javascript:alert(1)",
    "%",
    "%zz%00%ff",
    "cD0wMDAw",  # p=0000, as a cursor of the API is written
    "cD0lMDA=",  # p=%00
    "bz05OTk5OTk5OTk5OTk5OTk5OTk5OQ==",  # o=99999999999999999999
    "\r\nSet-Cookie: a=b",
    " " * 2000,
    "[" * 300,
    "{}",
    "null",
    "",
)
"""Each has broken something somewhere."""

RAW_QUERIES = ("%00", "q=%00", "q=%ff%fe", "=%00", "%00=%00", "&" * 2000, "q=%", "q=%u0000", "a=1;b=%00", "q[]=\x00")

JSON_BODIES = (
    b"[" * 100_000,
    b'{"a":' * 50_000,
    b"[" * 60 + b"]" * 60,
    b"",
    b"null",
    b"5",
    b"[]",
    b'"\\ud800"',
    b'{"name":"\\ud800"}',
    b'{"name":"\\u0000"}',
    b'{"a":1,"a":2}',
    b'{"a":1e400}',
    b'{"a":NaN}',
    b"\xff\xfe{\x00}\x00",
    b"\xef\xbb\xbf{}",
    b"{",
)

VALUES = (*TEXTS, None, True, -1, 10**30, 1.5, [], [[]], {}, {"": {}}, ["\ud800"], ["x\x00"], [None], {"\x00": "\x00"})


def _every(kind: type) -> Iterator[type]:
    for below in kind.__subclasses__():
        yield below
        yield from _every(below)


@cache
def query_names() -> list[str]:
    """Every name that the code reads from a query or a form, as far as one can see from outside."""
    found = {name for form in _every(forms.BaseForm) for name in getattr(form, "base_fields", {})}
    for app in APPS:
        for path in (ROOT / app).rglob("*.py"):
            found |= set(
                re.findall(r"(?:GET|POST|query_params)(?:\.get|\.getlist)?[\[(]\s*\"(\w+)\"", path.read_text())
            )
    return sorted(found | {"page", "cursor", "next", "q", "kind", "risk", "format", "o", "p", "e", "all"})


@cache
def json_names() -> list[str]:
    """Every field that a request to the API may have."""
    found: set[str] = set()
    for kind in _every(BaseSerializer):
        if issubclass(kind, Serializer):
            found |= set(getattr(kind, "_declared_fields", {}))
            found |= set(getattr(getattr(kind, "Meta", None), "fields", ()) or ())
    return sorted(found)


def written(value: object) -> bytes:
    """As JSON, halves of surrogates and all."""
    return json.dumps(value).encode()
