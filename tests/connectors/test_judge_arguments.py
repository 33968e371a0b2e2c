"""Conditions on arguments: what they say, what nobody can tell, and what is too much to ask."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connectors.errors import ConnectorError
from connectors.expressions.catalogue import ATTRIBUTES, samples
from connectors.expressions.evaluate import Answer, Subject
from connectors.expressions.reading import read


def ask(expression: str, arguments: Any) -> Answer:
    return Subject(arguments, len(json.dumps(arguments)), samples()).answer(expression)


ANSWERS: list[tuple[str, Any, bool | str]] = [
    ("args.amount > 1000", {"amount": 1000}, False),
    ("args.amount > 1000", {"amount": 1000.5}, True),
    ("args.amount > 1000", {"amount": 1e3}, False),
    ("args.amount > 1000", {"amount": 2**63}, True),
    ("args.amount > 1000", {"amount": 2**64 + 1}, True),
    ("args.amount > 1000", {"amount": -(2**70)}, False),
    ("args.amount > 1000", {"amount": "1001"}, "an argument is of another type than it is compared with"),
    ("args.amount > 1000", {"amount": None}, "an argument is of another type than it is compared with"),
    ("args.amount > 1000", {"amount": [1001]}, "an argument is of another type than it is compared with"),
    ("args.amount == 1000", {"amount": 1000.0}, True),
    ("args.amount == 1000", {"amount": "1000"}, "an argument is of another type than it is compared with"),
    ("args.amount != -1", {"amount": None}, "an argument is of another type than it is compared with"),
    ("args.role == 'admin'", {"role": ["admin"]}, "an argument is of another type than it is compared with"),
    ("'admin' == args.role", {"role": {"admin": 1}}, "an argument is of another type than it is compared with"),
    ("args.role in ['admin', 'root']", {"role": ["root"]}, "an argument is of another type than it is compared with"),
    ("args.role in ['admin', 'root']", {"role": "root"}, True),
    ("args.role in ['admin', null, -1]", {"role": None}, True),
    ("args.all == true", {"all": 1}, "an argument is of another type than it is compared with"),
    ("args.all == true", {"all": "true"}, "an argument is of another type than it is compared with"),
    ("args.x == null || args.x == 'a'", {"x": None}, True),
    ("args.x == null || args.x == 'a'", {"x": 1}, "an argument is of another type than it is compared with"),
    ("args.to == caller.email", {"to": ["a@example.com"]}, "an argument is of another type than it is compared with"),
    ("args.to in caller.groups", {"to": "Sales"}, True),
    ("has(args.x) && args.x == 'a'", {}, False),
    ("has(args.x) && args.x == 'a'", {"x": ["a"]}, "an argument is of another type than it is compared with"),
    ("args.x == 'abc'.size()", {"x": 3}, True),
    ("args.l[0] == 'a'", {"l": ["a"]}, True),
    ("args.x + 'a' == 'ba'", {"x": "b"}, True),
    ("0 - args.amount > 1000", {"amount": -(2**63)}, "it can't be worked out for these arguments"),
    ("args.amount > -5 && args.amount - -1 < 9", {"amount": 3}, True),
    ("size(args.text) > 3", {"text": "üü"}, True),
    ("args.amount > 1000", {}, "args.amount is missing"),
    ("args.amount > 1000", {"Amount": 5000}, "args.amount is missing"),
    ("args.amount > 1000", [], "args.amount is missing"),
    ("args.amount > 1000 && args.to == 'x'", {"to": "y"}, "args.amount is missing"),
    ("args.to == 'x' || args.amount > 1000", {"to": "x"}, "args.amount is missing"),
    ("has(args.amount) && args.amount > 1000", {}, False),
    ("has(args.amount) && args.amount > 1000", {"amount": 1001}, True),
    ("args.pay.amount > 5", {"pay": {}}, "args.pay.amount is missing"),
    ("args.pay.amount > 5", {"pay": 6}, "args.pay.amount is missing"),
    ('args["to whom"] == "x"', {"to whom": "x"}, True),
    ("!args.to.endsWith('@acme.test')", {"to": "bob@acme.test"}, False),
    ("!args.to.endsWith('@acme.test')", {"to": "bob@аcme.test"}, True),
    ("!args.to.endsWith('@acme.test')", {"to": "bob@acme.test.evil.test"}, True),
    ("!args.to.endsWith('@acme.test')", {"to": ["bob@acme.test"]}, "it can't be worked out for these arguments"),
    ("!organization.domains.exists(d, args.to.endsWith('@' + d))", {"to": "a@example.com"}, False),
    ("args.to.all(x, organization.domains.exists(d, x.endsWith('@' + d)))", {"to": ["a@example.com", "b@x"]}, False),
    ("args.to.exists(x, !x.endsWith('@acme.test'))", {"to": []}, False),
    ("args.rows.exists(x, has(x.a) && x.a > 1)", {"rows": [{}, {"a": 2}]}, True),
    ("args.rows.exists(x, x.a > 1)", {"rows": [{}]}, "“a” is missing"),
    ("args.to.matches('^[a-z]+$')", {"to": "abc"}, True),
    ("args.to.matches('^[a-z]+$')", {"to": "a" * 5000}, "args.to is too long for a regular expression"),
    ("args.amount", {"amount": 1}, "it comes to something that is neither true nor false"),
    ("args.amount", {"amount": True}, True),
    ("args.a / args.b > 1", {"a": 1, "b": 0}, "it can't be worked out for these arguments"),
    ("args.a + 1 > 0", {"a": 2**63 - 1}, "it can't be worked out for these arguments"),
    ("args.l[9] == 1", {"l": [1]}, "it can't be worked out for these arguments"),
    ("'Sales' in caller.groups && tool.risk == 'moderate'", {}, True),
    ("args.a == 1", {"a": 1, "b": "x" * 300_000}, "the arguments are too large for it"),
    ("args.a == 1", {"a": 1, "b": [0] * 20_000}, "the arguments are too large for it"),
    ("args.b.exists(x, args.b.exists(y, y < x))", {"b": list(range(3000))}, "the arguments are too large for it"),
    ("args.t.contains('a')", {"t": "b" * 200_000}, False),
    ("this is not CEL", {}, "the condition can't be read any more"),
]


@pytest.mark.parametrize(("expression", "arguments", "expected"), ANSWERS)
def test_a_condition_is_met_or_not_or_nobody_can_tell(expression: str, arguments: Any, expected: bool | str) -> None:
    answer = ask(expression, arguments)
    if isinstance(expected, str):
        assert answer.undecided == expected
    else:
        assert answer == Answer(expected)


REFUSED = [
    ("", "Write a condition"),
    ("args.a > " + "1 + " * 300 + "1", "at most 1,000 characters"),
    ("args.amount >", "This is not a condition in CEL"),
    ("(args.amount > 1", "“)” is missing at its end"),
    ("args.amount > 1)", "“)” closes nothing (at character 16)"),
    ("amount > 1000", "An argument is written args.amount (at character 1)"),
    ("caller.mail == 'x'", "There are caller.email, caller.groups, caller.role"),
    ("args.l.map(x, x) == []", "“map” can't be asked of this (at character 8)"),
    ("args.l.filter(x, x > 1) == []", "“filter” can't be asked of this"),
    ("type(args.x) == int", "There is no function “type” here"),
    ("args.a.exists(x, x.b.exists(y, y.c.exists(z, true)))", "stand inside each other once at most"),
    ("args.a.exists(x, args.b.exists(y, args.c == y))", "once for each pair of their entries"),
    ("args.to.matches(args.pattern)", "is written out as a text"),
    ("('' + args.to).matches('x')", "matches asks about an argument or an attribute by its name"),
    ("args.a.matches('x') && ('' + args.to).matches('x')", "matches asks about an argument"),
    ("args.to.matches('(x{1,100}){1,100}')", "Its counted repetitions come to 10,000"),
    ("args.to.matches('(x\\u007b1,100\\u007d)')", "Its counted repetitions come to 100"),
    ("args.to.matches('(')", "This is not a regular expression"),
    ("args.to.all(x, x.matches('a'))", "matches can't stand inside all"),
    ("args.l.exists(args, true)", "“args” has a meaning already"),
    ("{'a': 1}.a == 1", "Maps can't be written"),
    ("true // args.amount", "Comments are not known here (at character 6)"),
    ("r'x' == args.x", "Raw texts"),
    ("`x` == 1", "“`” begins nothing"),
    ("(" * 30 + "true" + ")" * 30, "nested deeper than 20 levels"),
    ("-args.amount > 1000", "a minus of its own stands before numbers only (at character 1)"),
    ("args.a > -(args.b)", "a minus of its own stands before numbers only (at character 10)"),
    ("1 in -args.l", "a minus of its own"),
    ("-args.l.size() > 1", "a minus of its own"),
    ("has(caller.email)", "has asks for an argument"),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "words"), REFUSED)
def test_what_can_not_be_read_or_bounded_is_refused_with_its_place(expression: str, words: str) -> None:
    with pytest.raises(ConnectorError) as problem:
        read(expression)
    assert problem.value.field == "expression" and words in problem.value.message


def test_the_catalogue_is_what_an_evaluation_has() -> None:
    for one in ATTRIBUTES:
        probe = f"size({one.path}) > 0"
        assert ask(probe, {}) == Answer(True), one.path
