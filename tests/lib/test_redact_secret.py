"""Whatever form a known secret takes in an answer, it is taken out, and the answer stays JSON."""

import base64
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harriet.lib.redaction import REPLACEMENT, Redactor
from harriet.lib.secret import Secret

VALUE = 'sk-live/ä+"7\\~Zz 0x'
RAW = VALUE.encode()
FORMS = {
    "raw": VALUE,
    "hex": RAW.hex(),
    "HEX": RAW.hex().upper(),
    "url": quote(VALUE),
    "url, all": quote(VALUE, safe=""),
    "url, lower case": quote(VALUE, safe="").lower().replace("sk-live", "sk-live").replace("zz", "Zz"),
    "form": quote_plus(VALUE),
    "percent everything": "".join(f"%{byte:02X}" for byte in RAW),
    "JSON in a string": json.dumps({"token": VALUE}),
    "JSON in a string, unescaped": json.dumps({"token": VALUE}, ensure_ascii=False),
    "base64": base64.b64encode(RAW).decode(),
    "base64url": base64.urlsafe_b64encode(RAW).decode().rstrip("="),
    "base64, basic": base64.b64encode(b"user:" + RAW).decode(),
    "base64, phase 1": base64.b64encode(b"x" + RAW + b"more").decode(),
    "base64, phase 2": base64.b64encode(b"xy" + RAW + b"m").decode(),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("ascii_only", [True, False])
def test_every_form_is_found(form, ascii_only):
    raw = json.dumps(
        {"content": [{"type": "text", "text": f"before {form} after\n"}]}, ensure_ascii=ascii_only
    ).encode()
    cleaned, count = Redactor([Secret(VALUE)]).in_json(raw)
    assert count == 1
    assert REPLACEMENT in json.loads(cleaned)["content"][0]["text"]
    assert form not in json.loads(cleaned)["content"][0]["text"]


def test_needless_escapes_do_not_hide_a_secret():
    secret = "s/ecret-value"
    spelled = "".join(f"\\u{ord(letter):04X}" for letter in secret)
    for raw in (f'"{spelled}"', '"s\\/ecret-value"', f'"\\u0073{secret[1:]}"'):
        assert Redactor([Secret(secret)]).in_json(raw.encode()) == (f'"{REPLACEMENT}"'.encode(), 1)


def test_keys_and_numbers_are_cleaned_too():
    raw = b'{"12345678":[12345678,{"pin":"12345678"}],"other":1.50}'
    cleaned, count = Redactor([Secret("12345678")]).in_json(raw)
    assert json.loads(cleaned) == {REPLACEMENT: [REPLACEMENT, {"pin": REPLACEMENT}], "other": 1.5}
    assert count == 3
    assert b"1.50" in cleaned


def test_the_rest_of_the_answer_keeps_its_bytes():
    raw = b'{ "a" : 1.0e+2, "b":"\\u00e9\\/", "c": "the-secret!", "d":123456789012345678901234567890}'
    cleaned, _ = Redactor([Secret("the-secret!")]).in_json(raw)
    assert cleaned == raw.replace(b"the-secret!", REPLACEMENT.encode())


def test_short_secrets_are_matched_as_whole_strings():
    redactor = Redactor([Secret("abc")])
    assert redactor.in_json(b'["abc","abcd","x abc"]') == (b'["[redacted]","abcd","x abc"]', 1)
    assert redactor.in_text("abc") == (REPLACEMENT, 1)
    assert redactor.in_text("abcd") == ("abcd", 0)


def test_no_secrets_no_change():
    assert Redactor([]).in_json(b'{"a":"\\u0041"}') == (b'{"a":"\\u0041"}', 0)
    assert Redactor([Secret("")]).in_text("") == ("", 0)


@settings(deadline=None)
@given(st.text(min_size=8, alphabet=st.characters(exclude_categories=["Cs"])), st.text(), st.text(), st.booleans())
def test_any_secret_anywhere(value, before, after, ascii_only):
    raw = json.dumps([before + value + after], ensure_ascii=ascii_only).encode()
    cleaned, count = Redactor([Secret(value)]).in_json(raw)
    assert count >= 1
    json.loads(cleaned)


@settings(deadline=None)
@given(st.binary(min_size=12), st.binary(), st.binary())
def test_any_secret_in_any_base64(value, before, after):
    secret = value.hex()
    raw = json.dumps(base64.b64encode(before + secret.encode() + after).decode()).encode()
    assert Redactor([Secret(secret)]).in_json(raw)[1] == 1


@settings(deadline=None)
@given(
    st.recursive(
        st.text() | st.integers() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_answers_without_secrets_pass_untouched(value):
    raw = json.dumps(value).encode()
    assert Redactor([Secret("a-secret-that-is-not-there")]).in_json(raw) == (raw, 0)
