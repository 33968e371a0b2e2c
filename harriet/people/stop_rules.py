"""What an emergency stop covers, and the sentence for whom it stops: pure, so that the gateway asks it in memory."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

ORGANIZATION, CONNECTOR, PERSON, AGENT = "organization", "connector", "person", "agent"
CLIENT, CLIENT_NAME, RISK = "client", "client_name", "risk"
"""The values of `Stop.Kind`."""
RUNS_AGAIN = {"all": frozenset[str](), "read_only": frozenset({"read_only"})}
RUNS_AGAIN["moderate"] = RUNS_AGAIN["read_only"] | {"moderate"}
"""By `Stop.Stage`: the risk classes that a stop lets run again."""


class StandingStop(NamedTuple):
    """A stop that nobody has released."""

    id: UUID
    organization_id: UUID
    kind: str
    subject: str
    label: str
    told: str
    stage: str
    let_through: UUID | None
    """The group whose calls run again."""
    began_at: datetime


class Bearing(NamedTuple):
    """What stops can know a call by. Of a stream, and of whoever decides, `connector` and `risk` are empty."""

    persons: tuple[str, ...] = ()
    """The id of whoever calls; of an agent that of who answers for it."""
    agent: str = ""
    client: str = ""
    """The group key of the registered client."""
    client_name: str = ""
    """What the client calls itself, with its version, in small letters: it may say anything."""
    connector: str = ""
    risk: str = ""
    groups: frozenset[UUID] = frozenset()


def covering(stops: list[StandingStop], bearing: Bearing) -> StandingStop | None:
    """The first of an organization's stops that keeps this from running."""
    return next((stop for stop in stops if names(stop, bearing) and not lets_through(stop, bearing)), None)


def names(stop: StandingStop, bearing: Bearing) -> bool:
    """Whether the stop is about this, whatever was released of it."""
    kind, subject = stop.kind, stop.subject
    if kind == ORGANIZATION:
        return True
    if kind == CLIENT_NAME:
        name = bearing.client_name
        return name == subject or name.startswith((f"{subject} ", f"{subject}/"))
    if kind == PERSON:
        return subject in bearing.persons
    found = {CONNECTOR: bearing.connector, AGENT: bearing.agent, CLIENT: bearing.client, RISK: bearing.risk}
    return bool(subject) and found.get(kind) == subject


def lets_through(stop: StandingStop, bearing: Bearing) -> bool:
    """What the stage, or a group that goes first, lets run again. A stream only tells of changes, so it comes back
    with the reads."""
    if stop.let_through is not None and stop.let_through in bearing.groups:
        return True
    runs = RUNS_AGAIN.get(stop.stage, frozenset())
    return bearing.risk in runs if bearing.risk else bool(runs)


_THE = {
    ORGANIZATION: "all calls of the organization {}",
    PERSON: "the calls of {}",
    AGENT: "the calls of the agent {}",
    CLIENT: "the calls from the AI client {}",
    CLIENT_NAME: "the calls from AI clients that call themselves “{}”",
    CONNECTOR: "the calls to the connector {}",
    RISK: "the calls of tools of the class {}",
}
_WHAT = {
    ORGANIZATION: "All calls through Harriet are stopped",
    PERSON: "Your calls are stopped",
    AGENT: "The calls of this agent are stopped",
    CLIENT: "Calls from this AI client are stopped",
    CLIENT_NAME: "Calls from this AI client are stopped",
    CONNECTOR: "Calls to {} are stopped",
    RISK: "Calls of tools of the class {} are stopped",
}
NOTHING_SENT = "Nothing was sent."


def what_words(kind: str, label: str) -> str:
    """What is stopped, as a part of a sentence for admins and the log."""
    return _THE[kind].format(label)


def sentence(stop: StandingStop, fate: str = NOTHING_SENT) -> str:
    """For whoever calls: no internals, what became of their call, the admin's line for people, and whom to ask."""
    said = f" They say: {_ended(stop.told)}" if stop.told else ""
    what = f"{_WHAT[stop.kind].format(stop.label)} for now by your organization.{said}"
    return f"{what} {fate} Don't try again by yourself: ask your IT team when it goes on.".replace("  ", " ")


def _ended(text: str) -> str:
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."
