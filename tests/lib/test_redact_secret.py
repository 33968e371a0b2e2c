"""Whatever form a known secret takes in an answer, it is taken out, and the answer stays JSON."""

import base64
import json
import os
from html import escape, unescape
from time import monotonic
from unicodedata import normalize
from urllib.parse import quote, quote_plus, unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harriet.lib.redaction.redactor import REPLACEMENT, Redactor
from harriet.lib.secret import Secret
from harriet.lib.text import excerpt


def wrap(text, width, between):
    return between.join(text[at : at + width] for at in range(0, len(text), width))


VALUE = 'sk-live/ä+"7\\~Zz 0x'
RAW = VALUE.encode()
PLAIN = "sk-live-4f9aQ2xLw83nZt7KcV0p"
FORMS = {
    "raw": VALUE,
    "hex": RAW.hex(),
    "HEX": RAW.hex().upper(),
    "hex with colons": RAW.hex(":"),
    "hex with spaces": RAW.hex(" ").upper(),
    "hex with 0x": ", ".join(f"0x{byte:02X}" for byte in RAW),
    "hex, UTF-16": VALUE.encode("utf-16-le").hex("-"),
    "decimal bytes": ", ".join(str(byte) for byte in RAW),
    "url": quote(VALUE),
    "url, all": quote(VALUE, safe=""),
    "url, lower case": quote(VALUE, safe="").lower().replace("zz", "Zz"),
    "url, twice": quote(quote(VALUE, safe=""), safe=""),
    "url, three times": quote(quote(quote(VALUE, safe=""), safe=""), safe=""),
    "form": quote_plus(VALUE),
    "percent everything": "".join(f"%{byte:02X}" for byte in RAW),
    "JSON in a string": json.dumps({"token": VALUE}),
    "JSON in a string, unescaped": json.dumps({"token": VALUE}, ensure_ascii=False),
    "JSON in JSON in a string": json.dumps({"text": json.dumps({"token": VALUE})}),
    "JSON in JSON in JSON in a string": json.dumps([json.dumps([json.dumps([VALUE])])]),
    "spelled in \\u": "".join(f"\\u{ord(letter):04x}" for letter in VALUE),
    "spelled in \\\\u": "".join(f"\\\\u{ord(letter):04X}" for letter in VALUE),
    "spelled in \\x": "".join(f"\\x{ord(letter):02x}" for letter in VALUE),
    "spelled in \\u{}": "".join(f"\\u{{{ord(letter):x}}}" for letter in VALUE),
    "spelled in \\U": "".join(f"\\U{ord(letter):08x}" for letter in VALUE),
    "HTML, named": escape(VALUE),
    "HTML, decimal": "".join(f"&#{ord(letter)};" for letter in VALUE),
    "HTML, hexadecimal": "".join(f"&#x{ord(letter):X};" for letter in VALUE),
    "HTML, twice": escape(escape(VALUE)),
    "HTML of JSON": escape(json.dumps({"token": VALUE})),
    "base64": base64.b64encode(RAW).decode(),
    "base64url": base64.urlsafe_b64encode(RAW).decode().rstrip("="),
    "base64, basic": base64.b64encode(b"user:" + RAW).decode(),
    "base64, phase 1": base64.b64encode(b"x" + RAW + b"more").decode(),
    "base64, phase 2": base64.b64encode(b"xy" + RAW + b"m").decode(),
    "base64 of JSON": base64.b64encode(json.dumps({"token": VALUE}).encode()).decode(),
    "base64, wrapped": wrap(base64.b64encode(b"in the middle " * 4 + RAW + b" of more" * 9).decode(), 76, "\n"),
    "base64, wrapped CRLF": wrap(base64.b64encode(b"in the middle of " * 4 + RAW + b" more" * 9).decode(), 64, "\r\n"),
    "base64, wrapped, escaped": wrap(base64.b64encode(RAW).decode(), 12, "\\r\\n"),
    "base64, UTF-16": base64.b64encode(VALUE.encode("utf-16")).decode(),
    "base64, UTF-16 LE": base64.b64encode(b"x" + VALUE.encode("utf-16-le")).decode(),
    "base64, UTF-16 BE": base64.b64encode(VALUE.encode("utf-16-be")).decode(),
    "base32": base64.b32encode(RAW).decode(),
    "base32, in the middle": base64.b32encode(b"xyz" + RAW + b"more").decode().lower(),
    "upper case": VALUE.upper(),
    "swapped case": VALUE.swapcase(),
    "spaces between": " ".join(VALUE),
    "line breaks between": "\n".join(VALUE),
    "dashes between": "-".join(VALUE),
    "zero width": "\u200b".join(VALUE),
    "joiners": "\u2060\ufeff".join(VALUE),
    "soft hyphens": "\u00ad".join(VALUE),
    "no-break spaces": "\u00a0".join(VALUE),
    "full width": "".join(chr(ord(x) + 0xFEE0) if "!" <= x <= "~" else x for x in VALUE),
    "bold": "".join(chr(ord(x) + 0x1D41A - ord("a")) if "a" <= x <= "z" else x for x in VALUE),
    "decomposed": normalize("NFD", VALUE),
    "NUL between": "\0".join(VALUE),
    "backwards": VALUE[::-1],
    "shown by Harriet itself": "⟨U+200B⟩".join(VALUE),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("ascii_only", [True, False])
def test_every_form_is_found(form, ascii_only):
    raw = json.dumps(
        {"content": [{"type": "text", "text": f"before {form} after\n"}]}, ensure_ascii=ascii_only
    ).encode()
    cleaned, count = Redactor([Secret(VALUE)]).in_json(raw)
    text = json.loads(cleaned)["content"][0]["text"]
    assert count == 1
    assert text.startswith("before ")
    assert text.endswith(" after\n")
    assert REPLACEMENT in text
    assert form not in text
    assert Redactor([Secret(VALUE)]).in_text(f"before {form} after\n") == (text, 1)


def test_what_is_around_a_secret_stays():
    said = {
        f'{{"a": "{PLAIN}", "b": 1}}': '{"a": "[redacted]", "b": 1}',
        f"<b>{escape(PLAIN.upper())}</b>&nbsp;": "<b>[redacted]</b>&nbsp;",
        f"CORP\\{PLAIN}\\n": "CORP\\[redacted]\\n",
        f"50% of {quote(quote(PLAIN[0] + '-' + PLAIN[1:]))}%20": "50% of [redacted]%20",
        f"{PLAIN}{PLAIN} {PLAIN}": "[redacted][redacted] [redacted]",
        "".join(f"&#{ord(letter)};" for letter in f"x {PLAIN}."): "&#120;&#32;[redacted]&#46;",
    }
    for before, after in said.items():
        cleaned, _ = Redactor([Secret(PLAIN)]).in_json(json.dumps([before]).encode())
        assert json.loads(cleaned) == [after]


def test_a_secret_split_over_neighbours_is_found():
    first, second = PLAIN[:9], PLAIN[9:]
    blocks = [{"type": "text", "text": f"It is {first}"}, {"type": "text", "text": f"{second}, remember it."}]
    cleaned, count = Redactor([Secret(PLAIN)]).in_json(json.dumps({"content": blocks}).encode())
    texts = [block["text"] for block in json.loads(cleaned)["content"]]
    assert (texts, count) == (["It is [redacted]", "[redacted], remember it."], 2)
    for parts in ([first, second], PLAIN.replace("-", ""), list(PLAIN.encode()), [f" {first} ", f"\n{second}"]):
        cleaned, count = Redactor([Secret(PLAIN)]).in_json(json.dumps({"parts": ["a", *parts, "b"]}).encode())
        told = json.loads(cleaned)["parts"]
        assert (told[0], told[-1], count) == ("a", "b", len(parts))
        assert {"".join(str(part).split()) for part in told[1:-1]} == {REPLACEMENT}


@pytest.mark.parametrize("secret", ["hunter-22", "k9-Bq7_zW4", "4f9aQ2xLw83n", PLAIN])
def test_wherever_it_is_split_in_two_it_is_found(secret):
    for cut in range(1, len(secret)):
        blocks = [{"type": "text", "text": part} for part in (secret[:cut], secret[cut:])]
        assert Redactor([Secret(secret)]).in_json(json.dumps({"content": blocks}).encode())[1], cut


@pytest.mark.parametrize("escape", ["\\{:03o}", "\\u{{{:x}}}", "\\U{:08x}", "\\u{:04x}", "\\x{:02x}"])
@pytest.mark.parametrize("beside", ["", "\\n" * 5000])
def test_escapes_of_programming_languages_are_undone_however_many_there_are(escape, beside):
    text = beside + "".join(escape.format(ord(letter)) for letter in PLAIN)
    cleaned, count = Redactor([Secret(PLAIN)]).in_json(json.dumps({"text": text}).encode())
    assert count == 1 and json.loads(cleaned)["text"] == beside + REPLACEMENT


def test_neighbours_that_only_look_like_it_stay():
    for secret, value in (
        ("12345678", [1, 2, 3, 4, 5, 6, 7, 8]),
        ("12345678", {"a": 1234, "b": 5678, "c": 1234.5678}),
        ("token-abcdef-1", {"token": "abc", "def": 1}),
    ):
        raw = json.dumps(value).encode()
        assert Redactor([Secret(secret)]).in_json(raw) == (raw, 0)


def test_a_file_stays_base64():
    document = b"%PDF-1.7 " + os.urandom(500) + PLAIN.encode() + os.urandom(500)
    raw = json.dumps({"contents": [{"uri": "x:/1", "blob": base64.b64encode(document).decode()}]}).encode()
    cleaned, count = Redactor([Secret(PLAIN)]).in_json(raw)
    told = base64.b64decode(json.loads(cleaned)["contents"][0]["blob"], validate=True)
    at = document.index(PLAIN.encode())
    assert (count, len(told)) == (1, len(document))
    assert (told[: at - 1], told[at + len(PLAIN) + 1 :]) == (document[: at - 1], document[at + len(PLAIN) + 1 :])
    assert all(PLAIN.encode()[i : i + 3] not in told for i in range(len(PLAIN) - 3))
    for said in (PLAIN, f"Bearer {PLAIN}"):
        raw = json.dumps({"method": "notifications/message", "params": {"level": "info", "data": said}}).encode()
        assert REPLACEMENT in json.loads(Redactor([Secret(PLAIN)]).in_json(raw)[0])["params"]["data"]


@pytest.mark.parametrize("secret", ['p"w\\1', "пароль-секрет", "p@ss w0", "🔑🔑🔑🔑🔑", "&%41;\\x"])
@pytest.mark.parametrize("form", ["raw", "JSON", "url", "HTML", "base64", "hex", "JSON of JSON", "base64 of JSON"])
def test_secrets_of_few_letters_are_looked_for_sign_by_sign(secret, form):
    spelled = {
        "raw": secret,
        "JSON": json.dumps([secret]),
        "url": quote_plus(secret),
        "HTML": escape(secret),
        "base64": base64.b64encode(b"user:" + secret.encode()).decode(),
        "hex": secret.encode().hex(),
        "JSON of JSON": json.dumps(json.dumps(secret)),
        "base64 of JSON": base64.b64encode(json.dumps({"p": secret}).encode()).decode(),
    }[form]
    for ascii_only in (True, False):
        raw = json.dumps({"x": f"a {spelled} b"}, ensure_ascii=ascii_only).encode()
        cleaned, count = Redactor([Secret(secret)]).in_json(raw)
        assert (REPLACEMENT in json.loads(cleaned)["x"], count) == (True, 1)
        assert spelled not in json.loads(cleaned)["x"]


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


@given(st.text(min_size=8, alphabet=st.characters(exclude_categories=["Cs"])), st.text(), st.text(), st.booleans())
def test_any_secret_anywhere(value, before, after, ascii_only):
    raw = json.dumps([before + value + after], ensure_ascii=ascii_only).encode()
    cleaned, count = Redactor([Secret(value)]).in_json(raw)
    assert count >= 1
    json.loads(cleaned)


@given(st.binary(min_size=12), st.binary(), st.binary())
def test_any_secret_in_any_base64(value, before, after):
    secret = value.hex()
    raw = json.dumps(base64.b64encode(before + secret.encode() + after).decode()).encode()
    assert Redactor([Secret(secret)]).in_json(raw)[1] == 1


@given(
    st.recursive(
        st.text() | st.integers() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_answers_without_secrets_pass_untouched(value):
    raw = json.dumps(value).encode()
    assert Redactor([Secret("a-secret-that-is-not-there")]).in_json(raw) == (raw, 0)


ENVELOPES = {
    "JSON": lambda text: json.dumps(text),
    "JSON, unescaped": lambda text: json.dumps({"key": text}, ensure_ascii=False),
    "HTML": escape,
    "HTML, all": lambda text: "".join(f"&#{ord(letter)};" for letter in text),
    "percent": lambda text: quote(text, safe=""),
    "percent, all": lambda text: "".join(f"%{byte:02x}" for byte in text.encode()),
    "backslash u": lambda text: (
        json.dumps("".join(f"\\u{ord(letter):04x}" for letter in text))[1:-1]
        if all(ord(letter) < 0x10000 for letter in text)
        else text
    ),
}
SPELLINGS = {
    "raw": lambda text: text,
    "other case": str.swapcase,
    "spaces": lambda text: " ".join(text),
    "zero width": lambda text: "\u200b".join(text),
    "base64": lambda text: base64.b64encode(b"user:" + text.encode()).decode(),
    "base64, wrapped": lambda text: wrap(base64.b64encode(b"a" + text.encode()).decode(), 76, "\r\n"),
    "UTF-16 in base64": lambda text: base64.b64encode(text.encode("utf-16")).decode(),
    "base32": lambda text: base64.b32encode(text.encode()).decode(),
    "hex": lambda text: text.encode().hex(":"),
}
LETTERS = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=8, max_size=40)
SECRETS = st.tuples(LETTERS, st.lists(st.tuples(st.integers(0, 40), st.sampled_from("-_/+=.~\"\\&%<>' :#"))))


def secret_of(parts):
    letters, signs = parts
    for place, sign in signs:
        letters = letters[:place] + sign + letters[place:]
    return letters.strip()


def keeps_its_letters(secret):
    """Eight letters are left, even of a secret that itself looks encoded; otherwise case counts."""
    return sum(letter.isascii() and letter.isalnum() for letter in unescape(unquote(secret))) >= 8


@settings(max_examples=300)
@given(
    SECRETS.map(secret_of).filter(keeps_its_letters),
    st.sampled_from(sorted(SPELLINGS)),
    st.lists(st.sampled_from(sorted(ENVELOPES)), max_size=3),
    st.text('abc <>&%\\"ä', max_size=8).map(lambda text: text + " "),
    st.booleans(),
)
def test_no_nesting_of_covered_encodings_lets_a_secret_through(secret, spelling, envelopes, beside, ascii_only):
    text = SPELLINGS[spelling](secret)
    for envelope in envelopes:
        text = ENVELOPES[envelope](text)
    raw = json.dumps({"before": beside, "text": beside + text + beside[::-1]}, ensure_ascii=ascii_only).encode()
    cleaned, count = Redactor([Secret(secret)]).in_json(raw)
    told = json.loads(cleaned)
    assert count >= 1
    assert told["before"] == beside
    for envelope in envelopes[::-1]:
        assert ENVELOPES[envelope](SPELLINGS[spelling](secret)) not in told["text"]
    assert not Redactor([Secret(secret)])._may_be_in_json(cleaned) or not Redactor([Secret(secret)]).in_json(cleaned)[1]


@given(
    st.recursive(
        st.text() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.none(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    ),
    st.booleans(),
)
def test_everything_beside_a_secret_keeps_its_bytes(value, ascii_only):
    beside = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    raw = b'{"beside":%b , "it": "%b","again" :%b}' % (beside, PLAIN.encode(), beside)
    cleaned, count = Redactor([Secret(PLAIN)]).in_json(raw)
    assert (cleaned, count) == (raw.replace(PLAIN.encode(), REPLACEMENT.encode()), 1)


@pytest.mark.parametrize(
    "filler",
    [b"\\\\", b"\\\\u0041", b"%41", b"%25", b"&#65;", b"&amp;", b"&aaaaaaaaaa", b"s", b"sk-live-", b'","', b"\\u200b"],
)
def test_no_filler_makes_a_large_answer_hang(filler):
    """A megabyte of the worst beside a secret. Whatever isn't linear would take hours."""
    raw = b'{"a":["' + filler * (2**20 // len(filler)) + b'"],"b":"' + PLAIN.encode() + b'"}'
    began = monotonic()
    cleaned, count = Redactor([Secret(PLAIN)]).in_json(raw)
    assert count == 1
    assert PLAIN.encode() not in cleaned
    assert monotonic() - began < 300


def test_a_secret_repeated_without_end_is_taken_out_without_end():
    raw = json.dumps({"text": [f"{PLAIN} " * 9, *[f"<{PLAIN}>"] * 20_000]}).encode()
    cleaned, count = Redactor([Secret(PLAIN)]).in_json(raw)
    assert count > 20_000
    assert PLAIN.encode() not in cleaned
    assert len(json.loads(cleaned)["text"]) == 20_001


def test_an_excerpt_shows_no_beginning_of_a_secret():
    """What a server says in an error is shortened, and what can't be seen is shown, before secrets are taken out."""
    redactor = Redactor([Secret(PLAIN)])
    for said, length in (
        (f"No user for Bearer {PLAIN} here", 40),
        (f"“{base64.b64encode(PLAIN.encode()).decode()}”", 30),
    ):
        told, count = redactor.in_text(f"The server said: “{excerpt(said, length)}” (-32000).")
        assert count == 1
        assert told.endswith("[redacted]…” (-32000).")
    told, count = redactor.in_text(excerpt("It is " + "\u200b".join(PLAIN) + " and goes on …", 1000))
    assert (told, count) == ("It is [redacted] and goes on …", 1)
    assert redactor.in_text("The server said: “no sk… in here…”.") == ("The server said: “no sk… in here…”.", 0)
