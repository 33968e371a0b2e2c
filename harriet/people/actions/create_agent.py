"""Makes an agent: what acts without a person, and has one who answers for it."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import IntegrityError, transaction

from audit.actor import Actor
from audit.record import record
from harriet.people.actions.add_person import own_groups
from harriet.people.agent_rules import active_owner, answers_for, clean_purpose, names_of
from harriet.people.errors import PeopleError
from harriet.people.events import AgentCreated
from harriet.people.models import Agent, Group, Organization, User
from harriet.people.names import clean_name
from harriet.people.permissions import demand
from harriet.people.roles import Power
from harriet.people.version import move_version


def create_agent(
    organization: Organization, name: str, purpose: str, owner: User, groups: Iterable[Group], *, actor: Actor
) -> Agent:
    """Groups must be named: an agent without one would look as if it worked and reach nothing. Raises NotAllowed or
    PeopleError."""
    demand(actor, organization, Power.MANAGE_TOKENS)
    chosen = own_groups(organization, groups)
    if not chosen:
        raise PeopleError("Choose at least one group: the agent reaches what its groups may reach.", field="groups")
    name, purpose = clean_name(name, longest=80), clean_purpose(purpose)
    with transaction.atomic():
        agent = _insert(organization, name, purpose, active_owner(organization, owner))
        agent.groups.set(chosen)
        move_version(organization.pk)
        record(
            AgentCreated(agent=name, person=answers_for(agent), purpose=purpose, groups=names_of(chosen)),
            organization_id=organization.pk,
            actor=actor,
        )
    return agent


def _insert(organization: Organization, name: str, purpose: str, owner: User) -> Agent:
    try:
        with transaction.atomic():
            return Agent.objects.create(organization=organization, name=name, purpose=purpose, owner=owner)
    except IntegrityError:
        raise PeopleError(f"There is already an agent called {name}.", field="name") from None
