"""A host that pretends: it is called like a service that is elsewhere, or its letters only look like a known name."""

from __future__ import annotations

import re
from collections.abc import Iterator

import idna

from connectors.catalogue import PRESETS, Preset
from connectors.definitions.oddity_kinds import SAME_LOOKS
from connectors.findings.base import Check, Finding, Severity, Subject

CODE = "look_alike"
_LIKE_LETTERS = str.maketrans({"0": "o", "1": "l", "3": "e", "5": "s"})
_WORD = re.compile(r"[a-z0-9]+")


def _find(subject: Subject) -> Iterator[Finding]:
    host = subject.host
    shown = _as_shown(host)
    if shown != host or not host.isascii():
        yield from _other_letters(host, shown)
    elif (other := _near_miss(host)) is not None:
        text = f"Its host is nearly that of {other.name}, {_host_of(other)}, and is another one."
        yield Finding(CODE, Severity.HIGH, text, "address", host)
    elif (preset := _called_like(subject.name, host)) is not None and not subject.is_internal:
        text = f"It is called like {preset.name}, whose server is at {_host_of(preset)}, and is elsewhere."
        yield Finding(CODE, Severity.HIGH, text, "address", host)


def _other_letters(host: str, shown: str) -> Iterator[Finding]:
    plain = shown.translate(SAME_LOOKS)
    known = next((one for one in PRESETS if _names(one, plain)), None)
    if known is not None:
        text = f"Letters of another alphabet make its host look like one of {known.name}."
        yield Finding(CODE, Severity.CRITICAL, text, "address", f"{shown} ({host})")
    else:
        text = "Its host has letters beyond a to z, some of which look like others."
        yield Finding(CODE, Severity.MEDIUM, text, "address", f"{shown} ({host})")


def _as_shown(host: str) -> str:
    """As browsers show it: punycode decoded."""
    try:
        return idna.decode(host) if "xn--" in host else host
    except (idna.IDNAError, UnicodeError):
        return host


def _host_of(preset: Preset) -> str:
    return preset.url.split("/")[2]


def _domain(host: str) -> str:
    return ".".join(host.split(".")[-2:])


def _names(preset: Preset, host: str) -> bool:
    """Whether the host has the service's name in it, or is under its domain."""
    word = preset.name.casefold().replace(" ", "")
    return _domain(host) == _domain(_host_of(preset)) or word in _WORD.findall(host)


def _near_miss(host: str) -> Preset | None:
    """The service whose domain differs by a letter, or by digits that look like letters."""
    mine = _domain(host)
    for preset in PRESETS:
        theirs = _domain(_host_of(preset))
        if mine != theirs and (mine.translate(_LIKE_LETTERS) == theirs or _is_a_letter_off(mine, theirs)):
            return preset
    return None


def _is_a_letter_off(one: str, other: str) -> bool:
    """One letter more, less, other, or two in the other order."""
    if abs(len(one) - len(other)) > 1 or len(one) < 6:
        return False
    start = next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
    a, b = one[start:], other[start:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])


def _called_like(name: str, host: str) -> Preset | None:
    words = " ".join(_WORD.findall(name.casefold()))
    for preset in PRESETS:
        called = " ".join(_WORD.findall(preset.name.casefold()))
        if f" {called} " in f" {words} " and _domain(host) not in _domains_of(preset):
            return preset
    return None


def _domains_of(preset: Preset) -> set[str]:
    """Its server's, and its name's own."""
    word = preset.name.casefold().replace(" ", "")
    return {_domain(_host_of(preset)), f"{word}.com", f"{word}.co", f"{word}.io"}


LOOK_ALIKE = Check(CODE, "The host looks like that of a known service, or the name is that of one elsewhere.", _find)
