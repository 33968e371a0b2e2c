"""A text that decides something has one spelling; what a client takes has many."""

from __future__ import annotations

import base64

import pytest

from harriet.lib import base64url
from harriet.lib.http.accept import Accept


@pytest.mark.parametrize("raw", [b"", b"a", b"ab", b"abc", bytes(range(256)), b"\xff\xfe\xfd\xfb"])
def test_what_was_written_is_read(raw: bytes) -> None:
    assert base64url.decode(base64url.encode(raw)) == raw


@pytest.mark.parametrize(
    "text", ["YQ==", "YQ=", "YR", "YQ\n", " YQ", "Y Q", "Y", "+/+/", "YW.I", "é", "\x00", "a-_\ud800"]
)
def test_no_other_spelling_is(text: str) -> None:
    with pytest.raises(ValueError):
        base64url.decode(text)


def test_every_loose_bit_is_refused() -> None:
    right = base64.urlsafe_b64encode(b"sixteen bytes of").rstrip(b"=").decode()
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    read = []
    for letter in letters:
        try:
            read.append(base64url.decode(right[:-1] + letter))
        except ValueError:
            continue
    assert len(read) == 4  # two of the last letter's six bits are the last byte's


@pytest.mark.parametrize(
    ("lines", "takes"),
    [
        ("", True),
        ("nonsense", True),
        ("a/b", True),
        ("A/B", True),
        ("a/b;q=0", False),
        ("a/b; q=0.000", False),
        ("a/b;q=0.001", True),
        ("a/b;q=nonsense", True),
        ("a/b;q=-1", True),
        ("a/*", True),
        ("*/*", True),
        ("*/*, a/b;q=0", False),
        ("*/*;q=0, a/b", True),
        ("a/*;q=0, */*", False),
        ("c/d, e/f", False),
        ('c/d;x="a/b,", e/f', False),
        ('c/d;x="\\",", a/b', True),
        ("*/b", False),
        ("c/d," * 5000 + "a/b", False),
    ],
)
def test_the_most_specific_range_decides(lines: str, takes: bool) -> None:
    assert Accept(lines).takes("a/b") is takes
