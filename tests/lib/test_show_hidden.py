"""Characters that can't be seen are written out."""

import sys
import unicodedata

import pytest

from harriet.lib.text import count_hidden, excerpt, show_hidden


def test_every_format_character_is_shown():
    missed = [
        hex(code)
        for code in range(sys.maxunicode + 1)
        if unicodedata.category(chr(code)) in {"Cf", "Zl", "Zp", "Cs"} and count_hidden(chr(code)) != 1
    ]
    assert missed == []


@pytest.mark.parametrize(
    "code", [0x034F, 0x115F, 0x1160, 0x3164, 0xFFA0, 0x2800, 0xFE0F, 0xE0100, 0xE0041, 0x180B, 0, 0x1B, 0x7F, 0x85]
)
def test_other_invisible_characters_are_shown(code):
    assert show_hidden(f"a{chr(code)}b") == f"a⟨U+{code:04X}⟩b"


@pytest.mark.parametrize("text", ["Grüße, 世界\n\tשלום", "naïve — “quoted”", "price: 5 €", "👍"])
def test_ordinary_text_is_left_alone(text):
    assert show_hidden(text) == text
    assert count_hidden(text) == 0


def test_one_right_to_left_letter_does_not_excuse_an_override():
    assert show_hidden("א\u202egpj.exe") == "א⟨U+202E⟩gpj.exe"


def test_excerpt_is_one_short_line():
    assert excerpt("a\n b\u200b" + "c" * 500, 20) == "a b⟨U+200B⟩ccccccccc"[:19] + "…"
    assert excerpt("short", 20) == "short"
