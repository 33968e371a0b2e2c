"""Who may do what with an agent: whoever manages tokens everything, its owner what stops it and what it calls with."""

from __future__ import annotations

from collections.abc import Iterable

from audit.actor import Actor, Label
from harriet.people.actors import person_label
from harriet.people.errors import PeopleError
from harriet.people.holders import demand_own
from harriet.people.models import Agent, Group, Organization, User
from harriet.people.names import clean_name
from harriet.people.queries import membership_of


def demand_agent(actor: Actor, agent: Agent) -> None:
    """For its owner, or whoever manages tokens. Raises NotAllowed."""
    demand_own(actor, agent.organization, agent.owner)


def active_owner(organization: Organization, user: User | None) -> User:
    """Somebody who can answer for an agent. Raises PeopleError."""
    if user is None or membership_of(user, organization) is None:
        raise PeopleError("An agent needs somebody who answers for it, and who is active here.", field="owner")
    return user


def clean_purpose(text: str) -> str:
    return clean_name(text, field="purpose", longest=300) if text.strip() else ""


def clean_reason(text: str) -> str:
    return clean_name(text, field="reason", longest=200) if text.strip() else ""


def answers_for(agent: Agent) -> Label | None:
    """Its owner, as the log names them."""
    return person_label(agent.owner) if agent.owner else None


def names_of(groups: Iterable[Group]) -> str:
    return ", ".join(sorted(group.slug for group in groups)) or "none"
