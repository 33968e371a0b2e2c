"""Who may use which emergency switch, and what is stopped, in words."""

from __future__ import annotations

from typing import NamedTuple

from audit.actor import Actor
from harriet.people.errors import NotAllowed, PeopleError
from harriet.people.models import Membership, Organization, Stop
from harriet.people.permissions import demand, has_power
from harriet.people.roles import Power
from harriet.people.stop_rules import what_words

_POWERS = {
    Stop.Kind.ORGANIZATION: Power.MANAGE_ORGANIZATION,
    Stop.Kind.PERSON: Power.MANAGE_PEOPLE,
    Stop.Kind.AGENT: Power.MANAGE_TOKENS,
    Stop.Kind.CLIENT: Power.MANAGE_TOKENS,
    Stop.Kind.CLIENT_NAME: Power.MANAGE_TOKENS,
    Stop.Kind.CONNECTOR: Power.MANAGE_CONNECTORS,
    Stop.Kind.RISK: Power.MANAGE_CONNECTORS,
}
_STEP_UP = (
    "Stopping the whole organization, and letting it go on, takes an owner who has just signed in again in the "
    "browser, or “manage.py stop” and “manage.py release” on the machine that runs Harriet."
)


class Subject(NamedTuple):
    """What a stop is about; `text` is what rows hold (`Stop.subject`)."""

    kind: str
    text: str
    label: str

    @property
    def words(self) -> str:
        return what_words(self.kind, self.label)


def subject_of(stop: Stop) -> Subject:
    return Subject(stop.kind, stop.subject, stop.label)


def may_switch(membership: Membership | None, kind: str) -> bool:
    return has_power(membership, _POWERS[Stop.Kind(kind)])


def demand_switch(organization: Organization, subject: Subject, *, has_stepped_up: bool, actor: Actor) -> None:
    """Raises NotAllowed. `has_stepped_up`: they have signed in again just now."""
    demand(actor, organization, _POWERS[Stop.Kind(subject.kind)])
    if subject.kind == Stop.Kind.ORGANIZATION and not has_stepped_up and actor.kind != "system":
        raise NotAllowed(_STEP_UP)


def check_not_own(subject: Subject, *, actor: Actor) -> None:
    """Raises NotAllowed: whoever was stopped can't be the one who lets themselves go on."""
    if subject.kind == Stop.Kind.PERSON and actor.id is not None and subject.text == str(actor.id):
        raise NotAllowed("Your own calls were stopped, so somebody else releases that: another owner or IT admin.")


def clean_reason(reason: str) -> str:
    """Raises PeopleError."""
    words = " ".join(reason.split())
    if not words:
        raise PeopleError("Say why. The log keeps it, and whoever comes next needs it.", field="reason")
    if len(words) > 500:
        raise PeopleError("A reason has at most 500 characters.", field="reason")
    return words


def clean_told(told: str) -> str:
    """Raises PeopleError."""
    words = " ".join(told.split())
    if len(words) > 200:
        raise PeopleError("The line for people has at most 200 characters.", field="told")
    return words
