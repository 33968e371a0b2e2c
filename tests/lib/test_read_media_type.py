"""Media types are read as HTTP writes them, whoever writes them."""

import gzip
import zlib

import pytest

from harriet.lib.egress.body import CappedBody
from harriet.lib.egress.connection import Headers
from harriet.lib.egress.errors import EgressBroken
from harriet.lib.http.media_types import EVENTS, JSON, charset_of, is_events, is_json, media_type


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("application/json", JSON),
        ("Application/JSON; charset=utf-8", JSON),
        ("  APPLICATION/JSON ;Charset=UTF-8 ", JSON),
        ("application/json;", JSON),
        ("application/json; charset=utf-8, application/json; charset=utf-8", JSON),
        ('multipart/mixed; boundary="a,b;c"', "multipart/mixed"),
        ("TEXT/event-stream;charset=UTF-8", EVENTS),
        ("text/html, application/json", JSON),
        ("application/json, nonsense", JSON),
        ("", ""),
        ("json", ""),
        ("application/", ""),
        ("/json", ""),
        ("application /json", ""),
        ("application/json" + " " * 5000, JSON),
    ],
)
def test_a_type_is_read(written, read):
    assert media_type(written) == read


@pytest.mark.parametrize(
    "kind", ["application/json", "text/JSON", "application/problem+json", "application/json-rpc;v=2"]
)
def test_json_has_many_names(kind):
    assert is_json(kind)


@pytest.mark.parametrize("kind", ["", "text/html", "application/jsonp", "image/json", "application/x-ndjson", EVENTS])
def test_other_things_are_not_json(kind):
    assert not is_json(kind)


def test_an_event_stream_is_one_however_it_is_written():
    assert is_events("Text/Event-Stream; charset=utf-8")
    assert not is_events("text/event-stream2")


@pytest.mark.parametrize(
    ("written", "charset"),
    [("text/plain", ""), ('a/b; x="charset=no"; Charset="ISO-8859-1"', "iso-8859-1"), ("a/b;charset = utf-8", "utf-8")],
)
def test_the_charset_is_found(written, charset):
    assert charset_of(written) == charset


def test_a_header_that_is_there_twice_keeps_both_values():
    headers = Headers()
    for value in (b"a=1", b"b=2"):
        headers.add(b"Set-Cookie", value)
    headers.add(b"X", b"1")
    assert (headers["set-cookie"], headers.every("SET-cookie"), headers.joined("x")) == ("a=1", ["a=1", "b=2"], "1")
    assert headers.every("y") == []


def unpacked(encoding, raw):
    return b"".join(CappedBody("host", encoding, 1000).feed(raw))


def test_what_is_packed_without_being_asked_is_unpacked():
    raw = b'{"a":1}' * 20
    bare = zlib.compressobj(9, zlib.DEFLATED, -15)
    for encoding, packed in (
        ("GZIP", gzip.compress(raw)),
        ("identity, x-gzip", gzip.compress(raw)),
        ("deflate", zlib.compress(raw)),
        ("deflate", bare.compress(raw) + bare.flush()),
        (" identity ", raw),
        (None, raw),
    ):
        assert unpacked(encoding, packed) == raw
    for encoding in ("br", "gzip, gzip", "zstd"):
        with pytest.raises(EgressBroken, match="nobody asked"):
            unpacked(encoding, raw)
