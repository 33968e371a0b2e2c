"""What events there are. Each is a class in its app's events.py that declares its code, its sentence and what it holds.

    class ConnectorPaused(AuditEvent):
        \"\"\"Calls to it are refused until it is resumed.\"\"\"

        code = "connector.paused"
        sentence = "{actor} paused the connector {connector}: {reason}"
        connector: Label
        reason: str

The docstring is the event's description on the audit page. Fields called as in LABELS and WORDS are members of the body
of their own; all others are details, which say in `Annotated[type, "meaning"]` what they hold. A detail whose default
is UNSET is left out when it isn't given. What doesn't fit is refused when the module is imported, so Harriet doesn't
start with it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from string import Formatter
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    ClassVar,
    Literal,
    NamedTuple,
    NotRequired,
    Union,
    dataclass_transform,
    get_args,
    get_origin,
    get_type_hints,
)
from uuid import UUID

from msgspec import UNSET, UnsetType

from audit.actor import Label

LABELS = {
    "person": "whom it is about: who called, or whose account, device or token it is",
    "device": "on which device the client runs",
    "connector": "which connector",
    "tool": "which tool, prompt or resources of the connector",
    "profile": "through which MCP address",
    "ticket": "the ticket that a held call waits on, “#” and its number",
}
"""Members of a body that name a thing: its id, and what it was called at the time."""
WORDS = {
    "client": "what the client calls itself, with its version: said by the client, and not proved",
    "token_hint": "the last characters of the credential that the client proved itself with",
    "decision": "what was decided about a call: run, hold or refuse",
    "reason": "why, as a sentence",
    "outcome": "what became of a call: ok, error, timeout, cancelled or unknown",
}
"""Members of a body that are text."""
OF_CALLERS = frozenset({"client", "token_hint"})
"""Of them, those that are the same in all events of one caller."""
COMPOSED = {"code": (), "caller": ("person",), "target": ("tool",), "because": ("reason",), "result": ("outcome",)}
"""What a sentence may name beside the event's own fields, and what the event must hold for it."""

CALL, SYNC = "call", "sync"
TOGETHER = (CALL, SYNC)
"""What is told together."""
_TYPES = {str: "text", int: "number", float: "number", bool: "yes or no", UUID: "id", NoneType: "null"}
_REFERENCE = "id and name"


class Field(NamedTuple):
    """One thing that an event holds."""

    name: str
    member: Literal["label", "word", "detail"]
    type: str
    """In words."""
    meaning: str
    is_optional: bool
    """Whether an event may lack it."""


class EventKind(NamedTuple):
    """A declared event, as lists and sentences need it."""

    code: str
    sentence: str
    """A str.format template over the fields, {actor} and COMPOSED."""
    description: str
    fields: tuple[Field, ...]
    together: str = ""
    """Events of one request with the same word here are told together: the steps of a call, what a sync found."""


_kinds: dict[str, EventKind] = {}


def known_kinds() -> list[EventKind]:
    """All of them, by code."""
    return sorted(_kinds.values())


def codes_of(together: str) -> list[str]:
    return [kind.code for kind in known_kinds() if kind.together == together]


def kind_of(code: str) -> EventKind | None:
    """None for a code that this version of Harriet doesn't know."""
    return _kinds.get(code)


@dataclass_transform(kw_only_default=True, frozen_default=True)
class AuditEvent:
    """Something that happened, about to be recorded. Not slotted: that would make a second class of each."""

    code: ClassVar[str]
    sentence: ClassVar[str]
    together: ClassVar[str] = ""

    def __init_subclass__(cls) -> None:
        """A subclass without a code is a base of several events."""
        description = cls.__doc__ or ""  # before dataclass makes one up
        dataclass(frozen=True, kw_only=True, eq=False, repr=False)(cls)
        if "code" in vars(cls):
            hints = get_type_hints(cls, include_extras=True)
            types = {name: hint for name, hint in hints.items() if get_origin(hint) is not ClassVar}
            fields = [_field(name, hint, is_optional=hasattr(cls, name)) for name, hint in types.items()]
            _register(cls.code, cls.sentence, description, fields, cls.together)

    def frame(self) -> dict[str, Any]:
        """The labels and what is the caller's, as audit.event_body.Frame takes them."""
        return {name: value for name, value in vars(self).items() if name in LABELS or name in OF_CALLERS}

    def words(self) -> dict[str, str]:
        return {name: value for name, value in vars(self).items() if name in WORDS and name not in OF_CALLERS}

    def details(self) -> dict[str, Any]:
        given = vars(self).items()
        return {name: value for name, value in given if not (name in LABELS or name in WORDS or value is UNSET)}


def declare_call(code: str, sentence: str, description: str, *words: str, details: type) -> None:
    """An event of which every call has one: written through a frame that is made once for many, not from an object.

    `details` is a TypedDict; the frame knows the caller, the connector, the tool and the profile.
    """
    hints: dict[str, Any] = get_type_hints(details, include_extras=True)
    optional: frozenset[str] = getattr(details, "__optional_keys__", frozenset())
    fields = [Field(name, "label", _REFERENCE, meaning, is_optional=True) for name, meaning in LABELS.items()]
    fields += [Field(name, "word", "text", WORDS[name], is_optional=True) for name in ("client", "token_hint", *words)]
    fields += [_field(name, hint, is_optional=name in optional) for name, hint in hints.items()]
    _register(code, sentence, description, fields, CALL)


def _register(code: str, sentence: str, description: str, fields: list[Field], together: str) -> None:
    if not re.fullmatch(r"[a-z0-9_]+(\.[a-z0-9_]+)+", code) or len(code) > 60:
        raise ValueError(f"An event code looks like noun.verb, at most 60 characters, not {code!r}.")
    if code in _kinds:
        raise ValueError(f"The event code {code} is declared twice.")
    if not description:
        raise ValueError(f"The event {code} has no docstring: that is its description on the audit page.")
    _check_sentence(code, sentence, {field.name for field in fields})
    _kinds[code] = EventKind(code, sentence, " ".join(description.split()), tuple(fields), together)


def _check_sentence(code: str, sentence: str, names: set[str]) -> None:
    for _, name, form, conversion in Formatter().parse(sentence):
        if name is None or name == "actor" or name in names:
            wrong = bool(form or conversion)
        else:
            wrong = not set(COMPOSED.get(name, (name,))) <= names
        if wrong:
            raise ValueError(f"The sentence of {code} names {{{name}}}, for which the event declares no field.")


def _field(name: str, hint: Any, *, is_optional: bool) -> Field:
    hint, meaning = _opened(hint)
    types = get_args(hint) if isinstance(hint, UnionType) or get_origin(hint) is Union else (hint,)
    if name in LABELS:
        if Label not in types or not set(types) <= {Label, NoneType}:
            raise TypeError(f"The field {name} of an event is a Label.")
        return Field(name, "label", _REFERENCE, meaning or LABELS[name], is_optional or len(types) > 1)
    if name in WORDS:
        if types != (str,):
            raise TypeError(f"The field {name} of an event is text.")
        return Field(name, "word", "text", meaning or WORDS[name], is_optional)
    if not meaning or hasattr(AuditEvent, name) or name in {"actor", *COMPOSED} - {"result"}:
        raise TypeError(f'The detail {name} of an event needs Annotated[type, "meaning"], or another name.')
    words = " or ".join(_words(type_) for type_ in types if type_ is not UnsetType)
    return Field(name, "detail", words, meaning, is_optional)


def _opened(hint: Any) -> tuple[Any, str]:
    """The type, and what it means."""
    if get_origin(hint) is NotRequired:
        hint = get_args(hint)[0]
    if get_origin(hint) is Annotated:
        return hint.__origin__, str(hint.__metadata__[0])
    return hint, ""


def _words(type_: Any) -> str:
    """Raises TypeError for what JSON has no form for."""
    if get_origin(type_) is list:
        return f"list of {_words(get_args(type_)[0])}"
    if get_origin(type_) is dict:
        return f"{_words(get_args(type_)[1])} by name"
    if type_ not in _TYPES:
        raise TypeError(f"A detail of an event can't be {type_!r}.")
    return _TYPES[type_]
