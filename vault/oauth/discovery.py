"""Finds out who gives tokens for a server: its challenge, its resource metadata, then its authorization server's.

Everything goes by egress and within the connector's own reach. What was tried is kept in words, for people.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from harriet.lib.egress import EgressFailed, EgressRefused, EgressTimeout, Reach, check_url, session
from harriet.lib.text import excerpt
from vault.errors import VaultError
from vault.oauth.challenge import NO_CHALLENGE, Challenge
from vault.oauth.metadata import (
    ResourceSaid,
    Unfit,
    checked_resource,
    checked_server,
    origin_of,
    pkce_problem,
    resource_places,
    server_places,
)

LARGEST = 64 * 1024
"""Bytes of a document."""
SECONDS = 5.0
"""For each place."""
MOST_SERVERS = 3
"""That a resource names and that are asked."""

T = TypeVar("T")


class Tried(NamedTuple):
    """One place that was looked at."""

    url: str
    said: str
    """In a sentence."""
    is_found: bool


@dataclass(frozen=True, slots=True)
class Discovered:
    """Who gives tokens for a server, and what it asks for."""

    resource: str
    """What the tokens are to be good for (RFC 8707)."""
    issuer: str
    metadata: dict[str, Any]
    scopes: tuple[str, ...]
    """That the server says it needs: in its challenge, else in its metadata; none where it says nothing."""
    tried: tuple[Tried, ...]


class NothingDiscovered(VaultError):
    """No authorization server that could be used was found; `tried` says where it was looked for."""

    def __init__(self, sentence: str, tried: tuple[Tried, ...]) -> None:
        super().__init__(sentence)
        self.tried = tried


@dataclass(slots=True)
class _Looking:
    """One discovery: where it has looked so far."""

    reach: Reach
    tried: list[Tried] = field(default_factory=list)
    fault: str = ""
    """The last document that was there and could not be used."""

    def first(self, places: list[str], read: Callable[[dict[str, Any]], T]) -> T | None:
        """What the first usable document among the places says."""
        for place in places:
            try:
                found = read(_fetched(place, self.reach))
            except _Absent as absent:
                self.tried.append(Tried(place, str(absent), is_found=False))
            except Unfit as unfit:
                self.fault = str(unfit)
                self.tried.append(Tried(place, self.fault, is_found=False))
            else:
                self.tried.append(Tried(place, "Found.", is_found=True))
                return found
        return None


class _Absent(Exception):
    """There is no such document, and why that is known."""


def discover(url: str, reach: Reach, challenge: Challenge = NO_CHALLENGE) -> Discovered:
    """`url` is the server's MCP address. Raises NothingDiscovered."""
    looking = _Looking(reach)
    places = resource_places(url, challenge.metadata_url)
    said = looking.first(places, lambda document: checked_resource(document, url))
    if said is None and looking.fault:  # whoever speaks of another resource is not asked who signs people in
        raise NothingDiscovered(f"The server’s metadata can’t be used. {looking.fault}", tuple(looking.tried))
    if said is None:
        return _of_old_server(url, looking, challenge)
    metadata = _best_of(said.servers[:MOST_SERVERS], looking)
    if metadata is None:
        raise NothingDiscovered(_nobody(said, looking), tuple(looking.tried))
    return _discovered(said, metadata, looking, challenge)


def discover_server(issuer: str, reach: Reach) -> tuple[dict[str, Any], tuple[Tried, ...]]:
    """The metadata of an issuer that somebody named. Raises NothingDiscovered."""
    looking = _Looking(reach)
    metadata = _server(looking, (issuer,))
    if metadata is None:
        raise NothingDiscovered(
            f"No metadata of {excerpt(issuer, 200)} was found. {looking.fault}".strip(), tuple(looking.tried)
        )
    return metadata, tuple(looking.tried)


def _best_of(issuers: tuple[str, ...], looking: _Looking) -> dict[str, Any] | None:
    """The first where people can be sent to sign in; else the first that there is, whose fault is told then."""
    first = None
    for issuer in issuers:
        metadata = _server(looking, (issuer,))
        if metadata is not None and not pkce_problem(metadata):
            return metadata
        first = first or metadata
    return first


def _of_old_server(url: str, looking: _Looking, challenge: Challenge) -> Discovered:
    """Before there was resource metadata, a server's own origin gave its tokens (MCP 2025-03-26)."""
    origin = origin_of(url)
    metadata = _server(looking, (origin, f"{origin}/"))
    if metadata is None:
        said = "The server doesn’t say where people sign in, and nothing was found at its own address."
        raise NothingDiscovered(f"{said} {looking.fault}".strip(), tuple(looking.tried))
    return _discovered(ResourceSaid(url, (), ()), metadata, looking, challenge)


def _server(looking: _Looking, issuers: tuple[str, ...]) -> dict[str, Any] | None:
    """`issuers` are the spellings of one that count as the same."""
    issuer = issuers[0]
    try:
        check_url(issuer, looking.reach)
        if "?" in issuer:
            raise EgressRefused("It has a query.")
    except EgressRefused as refused:
        looking.fault = f"It names {excerpt(issuer, 200)}, which Harriet can’t ask. {refused.message}"
        looking.tried.append(Tried(excerpt(issuer, 200), refused.message, is_found=False))
        return None
    return looking.first(server_places(issuer), lambda document: checked_server(document, issuers, looking.reach))


def _discovered(said: ResourceSaid, metadata: dict[str, Any], looking: _Looking, challenge: Challenge) -> Discovered:
    return Discovered(
        said.resource, metadata["issuer"], metadata, challenge.scopes or said.scopes, tuple(looking.tried)
    )


def _nobody(said: ResourceSaid, looking: _Looking) -> str:
    if not said.servers:
        return "The server’s metadata names nobody who gives tokens for it."
    names = ", ".join(excerpt(one, 100) for one in said.servers[:MOST_SERVERS])
    return f"The server names {names} for signing in, which can’t be used. {looking.fault}".strip()


def _fetched(url: str, reach: Reach) -> dict[str, Any]:
    """Raises _Absent."""
    try:
        with session(reach, deadline=SECONDS, max_bytes=LARGEST) as opened:
            answer = opened.get(url, headers={"Accept": "application/json"})
    except (EgressRefused, EgressTimeout, EgressFailed) as problem:
        raise _Absent(problem.message) from None
    if 300 <= answer.status_code < 400:
        raise _Absent(f"It sends on to another address ({answer.status_code}), and Harriet follows no redirects.")
    if answer.status_code != 200:
        raise _Absent(f"Nothing is there ({answer.status_code}).")
    try:
        document = json.loads(answer.content)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise _Absent("What is there is not a JSON object.")
    return document
