"""What a server offers in two eras is one thing to accept: the later definition, and how the earlier one differs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connectors.access.pinned import MEMBER, Pinned, in_sessions, only_era, without_eras
from connectors.definitions.both_eras import merged
from connectors.definitions.diff import Known, compare
from connectors.definitions.offer import read_offer

SCHEMA = {"type": "object"}


def tool(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "inputSchema": SCHEMA, **more}


def test_what_is_alike_stays_as_it_is() -> None:
    assert merged([tool("a"), tool("b")], [tool("b"), tool("a")]) == [tool("a"), tool("b")]


@pytest.mark.parametrize(
    ("later", "earlier"),
    [
        (tool("a", title="New"), tool("a", title="Old")),
        (tool("a", outputSchema={"type": "array"}), tool("a")),
        (tool("a"), tool("a", execution={"taskSupport": "optional"})),
        (tool("a", _meta={"n": 1}), tool("a", _meta={"n": 1.0})),
        (tool("a", _meta={"n": 1}), tool("a", _meta={"n": True})),
        (tool("a", title="x", icons=[]), tool("a", icons=[{"src": "data:,"}], annotations={})),
    ],
)
def test_each_era_gets_its_own_definition_back(later: dict[str, Any], earlier: dict[str, Any]) -> None:
    (whole,) = merged([later], [earlier])
    pinned = Pinned(b"digest", json.dumps(whole).encode())
    assert json.dumps(json.loads(pinned.raw), sort_keys=True) == json.dumps(later, sort_keys=True)
    assert json.dumps(dict(pinned.in_sessions.definition), sort_keys=True) == json.dumps(earlier, sort_keys=True)
    assert pinned.in_sessions.digest != pinned.digest, "their schemas are compiled apart"
    assert (without_eras(whole), in_sessions(whole)) == (later, earlier)


def test_what_one_era_alone_offers_is_called_in_it() -> None:
    new, old = merged([tool("new")], [tool("old")])
    assert (only_era(new), only_era(old)) == ("modern", "legacy")
    assert Pinned(b"", json.dumps(old).encode()).only == "legacy"


def test_a_change_in_either_era_is_a_change() -> None:
    before = read_offer(merged([tool("a")], [tool("a", title="Old")])).tools["a"]
    for later, earlier in (
        (tool("a", title="Evil"), tool("a", title="Old")),
        (tool("a"), tool("a", title="Evil")),
        (tool("a"), tool("a")),
    ):
        after = read_offer(merged([later], [earlier]))
        known = Known("a", pinned=before.digest, body=before.body)
        assert [one.name for one in compare([known], after).changed] == ["a"]


def test_no_server_says_itself_what_differs() -> None:
    forged = tool("a", **{MEMBER: {"only": "anything"}})
    assert merged([forged], [forged]) == [tool("a")]
    assert without_eras(forged) == tool("a")


def test_a_name_that_one_era_offers_twice_is_taken_from_neither() -> None:
    offer = read_offer(merged([tool("a")], [tool("a"), tool("a", title="x")]))
    assert not offer.tools
    assert "more than once" in offer.refused[0]
