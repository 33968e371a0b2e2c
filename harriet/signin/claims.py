"""What an identity provider says of a person, whichever protocol it speaks: proved, bounded, one form."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from harriet.people.names import is_hidden
from harriet.signin.errors import refused

MOST_CLAIMS = 100
MOST_VALUES = 1000
"""Of one claim: groups of a large company."""
LONGEST_VALUE = 300
LONGEST_NAME = 200
DEEPEST = 4
"""Claims within claims."""


@dataclass(frozen=True, slots=True)
class Names:
    """Which claim holds what, as the organization says of its provider."""

    email: str = "email"
    name: str = "name"
    employee_id: str = ""
    groups: str = "groups"


@dataclass(frozen=True, slots=True)
class Claims:
    """Of one sign-in. Values are one line of visible text each; longer or hidden ones are left out."""

    subject: str
    email: str = ""
    is_email_verified: bool | None = None
    """None when the provider says nothing about it."""
    name: str = ""
    employee_id: str = ""
    groups: tuple[str, ...] = ()
    sid: str = ""
    """The session's name at the provider."""
    received: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Everything that was said, for the page of a test sign-in."""
    is_groups_missing: bool = False
    """The claim for groups was not there at all, or was said to be too long to send."""
    are_groups_elsewhere: bool = False
    """It was said to be too long to send."""

    def to_bytes(self) -> bytes:
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_bytes(cls, kept: bytes) -> Claims:
        read = json.loads(kept)
        received = {name: tuple(values) for name, values in read.pop("received").items()}
        return cls(**(read | {"groups": tuple(read["groups"]), "received": received}))


def claims_from(said: Mapping[str, Any], subject: str, names: Names, *, sid: str = "") -> Claims:
    """Raises SignInRefused for a subject that is none."""
    if not _is_line(subject):
        raise refused("the identity provider does not say who you are (the subject is empty, too long or not text).")
    received = _received(said, names)
    groups = received.get(names.groups) if names.groups else None
    return Claims(
        subject=subject,
        email=_first(received, names.email).strip().lower(),
        is_email_verified=_verified(said.get("email_verified")),
        name=_first(received, names.name).strip()[:120],
        employee_id=_first(received, names.employee_id)[:120],
        groups=groups or (),
        sid=sid if _is_line(sid) else "",
        received=received,
        is_groups_missing=groups is None,
        are_groups_elsewhere=groups is None and _are_elsewhere(said, names.groups),
    )


def _received(said: Mapping[str, Any], names: Names) -> dict[str, tuple[str, ...]]:
    """What counts comes first, however much else there is. What stands within another claim (`realm_access.roles`) is
    named by the way to it, unless a claim has just that name."""
    flat = dict(_flat(said))
    wanted = {name: flat[name] for name in (names.email, names.name, names.employee_id, names.groups) if name in flat}
    found = list((wanted | flat).items())[:MOST_CLAIMS]
    return {name[:LONGEST_NAME]: _values(value) for name, value in found}


def _flat(said: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    """One's own names last, so that they win."""
    for name, value in said.items():
        yield from _within(str(name), value, DEEPEST)
    yield from ((str(name), value) for name, value in said.items())


def _within(way: str, value: Any, left: int) -> Iterable[tuple[str, Any]]:
    if isinstance(value, dict) and left:
        for name, inner in value.items():
            yield f"{way}.{name}", inner
            yield from _within(f"{way}.{name}", inner, left - 1)


def _are_elsewhere(said: Mapping[str, Any], name: str) -> bool:
    """As OpenID Connect Core §5.6.2 says it, and as Entra does where a link would be too much."""
    named = said.get("_claim_names")
    return (isinstance(named, dict) and name in named) or _verified(said.get("hasgroups")) is True


def _first(received: Mapping[str, tuple[str, ...]], name: str) -> str:
    values = received.get(name, ()) if name else ()
    return values[0] if values else ""


def _values(value: Any) -> tuple[str, ...]:
    """A list of texts from whatever stands there."""
    if isinstance(value, list | tuple):
        return tuple(text for one in value[:MOST_VALUES] for text in _values_of_one(one))
    return tuple(_values_of_one(value))


def _values_of_one(value: Any) -> Iterable[str]:
    if isinstance(value, bool):
        yield "true" if value else "false"
    elif isinstance(value, int | float):
        yield str(value)
    elif isinstance(value, str) and _is_line(value):
        yield value
    elif isinstance(value, dict):
        text = json.dumps(value, ensure_ascii=True)
        if len(text) <= LONGEST_VALUE:
            yield text


def _is_line(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST_VALUE and not any(is_hidden(one) for one in value)


def _verified(value: Any) -> bool | None:
    """Some providers send it as text; each value of SAML is one of a list."""
    if isinstance(value, list | tuple) and len(value) == 1:
        value = value[0]
    if value is None:
        return None
    return value is True or str(value).lower() == "true"
