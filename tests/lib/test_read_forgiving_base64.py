"""Base64 as browsers' `atob` takes it, and what servers write in its place."""

from __future__ import annotations

import json
import shutil
import subprocess

import msgspec
import pytest

from harriet.lib.forgiving_base64 import as_base64, is_base64

TEXTS = ["", "AAAA", "AAA=", "AAA", "AA==", "AA", "A", "AA=", "AAAA=", "=AAA", "A=AA", "AAA==", "====", "=", "=="]
TEXTS += ["A===", "AA AA\n", "AA\fAA", "AA\vAA", "-_--", "é", "\0AAA", "AAA\u00a0A", "a/b+", "data:a/b;base64,AAAA"]


def written(text: str) -> msgspec.Raw:
    return msgspec.Raw(json.dumps(text).encode())


def test_it_is_judged_as_by_clients() -> None:
    node = shutil.which("node")
    assert node
    script = "const taken = (t) => { try { atob(t); return true } catch { return false } };"
    script += f"console.log(JSON.stringify({json.dumps(TEXTS)}.map(taken)))"
    said = json.loads(subprocess.run([node, "-e", script], capture_output=True, check=True, timeout=60).stdout)
    assert [is_base64(written(text)) for text in TEXTS] == said


def test_slashes_may_be_escaped() -> None:
    assert is_base64(msgspec.Raw(rb'"ab\/+"'))


@pytest.mark.parametrize("raw", [b"null", b"5", b"[]", b'{"a":"AAAA"}'])
def test_only_text_is_base64(raw: bytes) -> None:
    assert not is_base64(msgspec.Raw(raw))
    assert as_base64(msgspec.Raw(raw)) is None


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        ("AAA=", "AAA="),
        ("data:image/png;base64,AA-_", "AA+/"),
        ("DATA:;base64,AA AA", "AAAA"),
        ("_-8", "/+8="),
        ("AA=", "AA=="),
        ("A", None),
        ("no picture", None),
        ("data:image/png,AAAA", None),
    ],
)
def test_what_is_meant_is_put_right(sent: str, meant: str | None) -> None:
    assert as_base64(written(sent)) == (None if meant is None else written(meant))
