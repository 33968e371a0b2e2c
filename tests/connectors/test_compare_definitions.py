"""A definition that changes in any way is noticed; one that is only written differently is not; a rename is caught."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

from connectors.definitions.diff import Known, compare
from connectors.definitions.offer import LARGEST_DEFINITION, MOST_TOOLS, Offered, read_definition, read_offer
from harriet.lib.json.canonical import parse_strict

SEND: dict[str, Any] = {
    "name": "send_mail",
    "title": "Send an e-mail",
    "description": "Sends an e-mail to one person of the company.",
    "inputSchema": {
        "type": "object",
        "properties": {
            "to": {"type": "string", "format": "email", "description": "Who gets it"},
            "body": {"type": "string", "maxLength": 10000},
            "copies": {"type": "array", "items": {"type": "string"}, "maxItems": 3},
            "urgent": {"type": "boolean", "default": False},
            "delay": {"type": "number", "minimum": 0.5, "exclusiveMaximum": 60},
        },
        "required": ["to", "body"],
        "additionalProperties": False,
    },
    "outputSchema": {"type": "object", "properties": {"id": {"type": "string"}}},
    "annotations": {"readOnlyHint": False, "destructiveHint": True, "title": "Send"},
    "icons": [{"src": "https://mail.example.com/icon.png", "mimeType": "image/png", "sizes": ["48x48"]}],
    "_meta": {"example.com/team": "mail", "nothing": None},
}


def known(definition: dict[str, Any], **state: Any) -> Known:
    offered = read_definition(definition)
    return Known(offered.name, offered.digest, offered.body, **state)


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    if isinstance(value, dict):
        for key in value:
            yield from paths(value[key], (*path, key))
    elif isinstance(value, list):
        for index in range(len(value)):
            yield from paths(value[index], (*path, index))


def parent(value: Any, path: tuple[Any, ...]) -> Any:
    for step in path[:-1]:
        value = value[step]
    return value


def changed_value(value: Any, dice: random.Random) -> Any:
    if isinstance(value, bool):
        return dice.choice([not value, None, int(value), str(value)])
    if isinstance(value, str):
        return dice.choice(
            [value + " ", value + "\u200b", value.swapcase() + "!", value[:-1], f"\u202e{value}", [value]]
        )
    if isinstance(value, (int, float)):
        return dice.choice([value + 1, -value - 1, value * 1.0000001 + 1e-6, str(value), None])
    if value is None:
        return dice.choice([False, 0, "", {}])
    if isinstance(value, list):
        return dice.choice([[*value, "more"], value[:-1], [value], None])
    return dice.choice([{**value, "added": dice.random()}, {**value, "x-hidden": "\U000e0041"}, None, [value]])


def mutated(dice: random.Random) -> dict[str, Any]:
    """One change somewhere in the definition, but for the name."""
    definition = copy.deepcopy(SEND)
    where = [path for path in paths(definition) if path and path[0] != "name" and path != ("inputSchema",)]
    path = dice.choice(where)
    holder, last = parent(definition, path), path[-1]
    kind = dice.randrange(4)
    if kind == 0:
        del holder[last]
    elif kind == 1 and isinstance(last, str):
        holder[last + dice.choice(["_", "\u200d", "A"])] = holder.pop(last)
    elif kind == 2 and isinstance(holder, dict):
        holder[f"new{dice.randrange(99)}"] = dice.choice([1, "text", None, [], {}])
    else:
        holder[last] = changed_value(holder[last], dice)
    return definition


def test_three_thousand_changes_are_each_noticed() -> None:
    dice = random.Random(20261120)
    before = [known(SEND)]
    seen = set()
    for _ in range(3000):
        definition = mutated(dice)
        assert json.dumps(definition, sort_keys=True) != json.dumps(SEND, sort_keys=True)
        offer = read_offer([definition])
        if offer.refused:  # what can't be pinned is never taken for the accepted one
            assert not offer.tools
            continue
        if offer.tools["send_mail"].digest == before[0].pinned:  # 0 for a hint's false, and the like
            assert offer.mended and compare(before, offer).is_empty
            continue
        assert [offered.name for offered in compare(before, offer).changed] == ["send_mail"], definition
        seen.add(offer.tools["send_mail"].digest)
    assert len(seen) > 300


def shuffled(value: Any, dice: random.Random) -> Any:
    if isinstance(value, dict):
        items = [(key, shuffled(inner, dice)) for key, inner in value.items()]
        dice.shuffle(items)
        return dict(items)
    return [shuffled(inner, dice) for inner in value] if isinstance(value, list) else value


def test_the_order_of_keys_and_the_way_of_writing_do_not_matter() -> None:
    dice = random.Random(1)
    before = [known(SEND)]
    for number in range(300):
        text = json.dumps(shuffled(SEND, dice), ensure_ascii=bool(number % 2), indent=number % 3 or None)
        offer = read_offer([parse_strict(text.encode())])
        assert compare(before, offer).is_empty


def test_the_order_of_a_list_does_matter() -> None:
    definition = copy.deepcopy(SEND)
    definition["inputSchema"]["required"].reverse()
    assert compare([known(SEND)], read_offer([definition])).changed


def test_a_rename_is_a_new_tool_and_is_recognised() -> None:
    renamed = {**SEND, "name": "post_mail"}
    difference = compare([known(SEND)], read_offer([renamed]))
    assert [offered.name for offered in difference.added] == ["post_mail"]
    assert difference.removed == ["send_mail"]
    assert difference.renamed == {"post_mail": "send_mail"}
    assert not difference.changed


def test_a_rename_long_after_the_old_name_went_is_recognised() -> None:
    difference = compare([known(SEND, is_removed=True)], read_offer([{**SEND, "name": "post_mail"}]))
    assert difference.renamed == {"post_mail": "send_mail"}
    assert difference.removed == []


def test_a_copy_beside_the_original_is_no_rename() -> None:
    difference = compare([known(SEND)], read_offer([SEND, {**SEND, "name": "post_mail"}]))
    assert [offered.name for offered in difference.added] == ["post_mail"]
    assert difference.renamed == {}


def test_what_is_already_in_quarantine_is_not_said_again() -> None:
    changed = {**SEND, "description": "Sends everything to us."}
    proposed = read_definition(changed).digest
    waiting = known(SEND, proposed=proposed, is_quarantined=True)
    assert compare([waiting], read_offer([changed])).is_empty
    assert compare([waiting], read_offer([{**SEND, "description": "And now?"}])).changed


def test_the_accepted_definition_coming_back_restores_the_tool() -> None:
    for state in ({"is_quarantined": True}, {"is_removed": True}):
        difference = compare([known(SEND, **state)], read_offer([SEND]))
        assert [offered.name for offered in difference.restored] == ["send_mail"]


def test_a_removed_tool_that_comes_back_different_is_quarantined() -> None:
    difference = compare([known(SEND, is_removed=True)], read_offer([{**SEND, "title": "?"}]))
    assert [offered.name for offered in difference.changed] == ["send_mail"]


def test_a_name_offered_twice_is_not_taken_at_all() -> None:
    offer = read_offer([SEND, {**SEND, "description": "The evil one."}, {**SEND, "name": "other"}])
    assert set(offer.tools) == {"other"}
    assert offer.refused == ("“send_mail” is offered more than once, so neither was taken.",)


def test_what_cannot_be_pinned_is_left_out_with_a_sentence() -> None:
    bad: list[Any] = [
        "text",
        {"title": "nameless"},
        {**SEND, "name": ""},
        {**SEND, "name": "x" * 129},
        {**SEND, "name": "send\u202email"},
        {**SEND, "name": "send mail "},
        {"name": "no_schema"},
        {**SEND, "name": "big", "description": "x" * LARGEST_DEFINITION},
        {**SEND, "name": "number", "_meta": {"n": 10**400}},
        {**SEND, "name": "surrogate\ud800"},
    ]
    offer = read_offer([*bad, SEND])
    assert set(offer.tools) == {"send_mail"}
    assert len(offer.refused) == len(bad)
    assert all(sentence.endswith(".") for sentence in offer.refused)
    assert not any("\u202e" in sentence for sentence in offer.refused)


def test_there_is_a_cap_on_tools() -> None:
    offer = read_offer({**SEND, "name": f"tool_{number}"} for number in range(MOST_TOOLS + 5))
    assert len(offer.tools) == MOST_TOOLS
    assert offer.refused == (f"The server lists {MOST_TOOLS + 5} tools; only the first {MOST_TOOLS} were read.",)


def test_offered_is_a_plain_value() -> None:
    assert isinstance(read_definition(SEND), Offered)
