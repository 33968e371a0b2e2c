"""Single members of what servers list, each put right where its meaning is clear, or else taken out, and told."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from typing import Any

from harriet.lib.text import excerpt

Note = Callable[[str], None]
Entry = dict[str, Any]

_FLAGS: dict[Any, bool] = {"true": True, "false": False, 1: True, 0: False}
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?"
    r"(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
)
"""ISO 8601 as the TypeScript SDK takes it: with seconds and an offset."""


def put_texts(entry: Entry, names: tuple[str, ...], note: Note) -> None:
    for name in names:
        value = entry.get(name, "")
        if isinstance(value, str):
            continue
        if isinstance(value, int | float) and not isinstance(value, bool):
            entry[name] = json.dumps(value)
            note(f"its {name} was a number, and is text now")
        else:
            take_out(entry, name, "", note)


def put_flags(entry: Entry, names: tuple[str, ...], note: Note) -> None:
    for name in names:
        value = entry.get(name, False)
        if isinstance(value, bool):
            continue
        if isinstance(value, str | int | float) and value in _FLAGS:
            entry[name] = _FLAGS[value]
            note(f"its {name} was {quoted(value)}, and is {json.dumps(entry[name])} now")
        else:
            take_out(entry, name, "", note)


def put_choice(entry: Entry, name: str, allowed: tuple[str, ...], note: Note) -> None:
    if name in entry and entry[name] not in allowed:
        take_out(entry, name, "", note)


def put_list(entry: Entry, name: str, is_fit: Callable[[Any], bool], note: Note, *, of: str = "") -> None:
    value = entry.get(name, [])
    if not isinstance(value, list):
        take_out(entry, name, of, note)
    elif not all(is_fit(one) for one in value):
        entry[name] = [one for one in value if is_fit(one)]
        note(f"what doesn't belong there was taken out of {name}{f' of its {of}' if of else ''}")


def put_object(entry: Entry, name: str, note: Note) -> Entry | None:
    """A copy, in its place; None when there is none."""
    value = entry.get(name)
    if isinstance(value, dict):
        copy = entry[name] = dict(value)
        return copy
    if value == []:
        del entry[name]
    elif name in entry:
        take_out(entry, name, "", note)
    return None


def put_size(entry: Entry, note: Note) -> None:
    size = entry.get("size", 0)
    if isinstance(size, str) and size.isascii() and size.isdigit() and len(size) < 16:
        entry["size"] = int(size)
        note("its size was text, and is a number now")
    elif isinstance(size, float) and size.is_integer():
        entry["size"] = int(size)
    elif isinstance(size, bool) or not isinstance(size, int):
        take_out(entry, "size", "", note)


def put_priority(annotations: Entry, note: Note) -> None:
    value = annotations.get("priority", 0)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        take_out(annotations, "priority", "", note)


def put_moment(annotations: Entry, note: Note) -> None:
    value = annotations.get("lastModified")
    if "lastModified" in annotations and not (isinstance(value, str) and is_moment(value)):
        take_out(annotations, "lastModified", "", note)


def is_moment(value: str) -> bool:
    """As the TypeScript SDKs take it."""
    if not _MOMENT.fullmatch(value):
        return False
    try:
        date.fromisoformat(value[:10])
    except ValueError:
        return False
    return True


def take_out(entry: Entry, name: str, of: str, note: Note) -> None:
    value = entry.pop(name)
    if value is not None:
        note(
            f"{name}{f' of its {of}' if of else ''} was {quoted(value)}, which doesn't belong there, and was taken out"
        )


def quoted(value: Any) -> str:
    return f"“{excerpt(value if isinstance(value, str) else json.dumps(value), 40)}”"
