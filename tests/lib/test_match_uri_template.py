"""Whose an address is, found in linear time: templates come from servers, addresses from clients."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harriet.lib.uri_templates import LONGEST, Address, template_of


def stands_for(template: str, address: str) -> bool:
    found = template_of(template)
    return found is not None and found.stands_for(Address(address))


@pytest.mark.parametrize(
    ("template", "address", "is_its"),
    [
        ("crm://customers/{id}", "crm://customers/1", True),
        ("crm://customers/{id}", "crm://customers/", False),
        ("crm://customers/{id}", "crm://customers/1/orders", False),
        ("crm://customers/{id}/orders", "crm://customers/1/orders", True),
        ("crm://customers{/path*}", "crm://customers/1/orders", True),
        ("crm://customers{/path*}", "crm://customers", True),
        ("file:///{+path}", "file:///a/b/c.txt", True),
        ("file:///{+path}", "file:///", False),
        ("file:///{path*}", "file:///a/b", True),
        ("crm://find{?q,limit}", "crm://find?q=a&limit=3", True),
        ("crm://find{?q,limit}", "crm://lose?q=a", False),
        ("crm://{a}-{b}", "crm://x-y-z", True),
        ("crm://{a}.{b}/{c}", "crm://x.y/z", True),
        ("crm://{a}.{b}/{c}", "crm://x/y.z", False),
        ("{+everything}", "crm://customers/1", True),
        ("crm://fixed", "crm://fixed", True),
        ("crm://fixed", "crm://fixed/not", False),
        ("", "", True),
        ("crm://{unclosed", "crm://{unclosed", True),
        ("crm://{id}", "crm://ü😀", True),
    ],
)
def test_an_address_belongs_to_its_template(template: str, address: str, is_its: bool) -> None:
    assert stands_for(template, address) is is_its


def test_only_a_template_with_a_scheme_is_bounded() -> None:
    bounded = ("crm://{id}", "file:///{+path}", "urn:{+x}", "crm://fixed")
    unbounded = ("{+everything}", "{scheme}://{+path}", "{a}crm://x", "//{host}/x", "cr{m}://x", "")
    assert all(found and found.is_bounded for found in map(template_of, bounded))
    assert not any(found and found.is_bounded for found in map(template_of, unbounded))


PIECES = st.lists(st.sampled_from(["{a}", "{+a}", "{a*}", "{?a}", "{/a}", "a", "b", "/", "ab", "."]), max_size=7)


def as_expression(template: str) -> re.Pattern[str]:
    """The same, slowly."""
    kinds = {"{a}": "[^/]+", "{+a}": ".+", "{a*}": ".+", "{?a}": ".*", "{/a}": ".*"}
    parts = re.split(r"(\{[^{}]*\})", template)
    return re.compile("".join(kinds.get(part) or re.escape(part) for part in parts))


@settings(max_examples=400)
@given(PIECES.map("".join), st.text("ab/.", max_size=9))
def test_it_agrees_with_an_expression(template: str, address: str) -> None:
    assert stands_for(template, address) is bool(as_expression(template).fullmatch(address))


@pytest.mark.parametrize(
    ("template", "address"),
    [
        ("x:" + "{+a}" * 490, "x:" + "a" * 1900 + "!"),
        ("x:" + "{a}a" * 400 + "!", "x:" + "a" * 1990),
        ("x:" + "{?a}a" * 300 + "{+z}b", "x:" + "a" * 1990 + "b"),
        ("x:" + "{a}" * 600 + "/", "x:" + "a/" * 990),
        ("{+a}" * 6 + "!", "a" * 1999),
    ],
)
def test_no_template_takes_long(template: str, address: str) -> None:
    started = time.process_time()
    for _ in range(20):
        stands_for(template, address)
    assert time.process_time() - started < 5, "backtracking takes longer than the world exists"


def test_what_is_too_long_is_nobodys() -> None:
    assert template_of("x:" + "{a}" * LONGEST) is None
    assert not stands_for("x:{+a}", "x:" + "a" * LONGEST)
