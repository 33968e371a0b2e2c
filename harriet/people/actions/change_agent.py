"""Changes what an agent is called, what it is for and which groups' tools it may use."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db import IntegrityError, transaction

from audit.actor import Actor
from audit.record import record
from harriet.lib.changed import Changed
from harriet.people.actions.add_person import own_groups
from harriet.people.agent_rules import answers_for, clean_purpose, names_of
from harriet.people.errors import PeopleError
from harriet.people.events import AgentChanged
from harriet.people.models import Agent, Group
from harriet.people.names import clean_name
from harriet.people.permissions import demand
from harriet.people.roles import Power
from harriet.people.version import move_version


def change_agent(
    agent: Agent, name: str, purpose: str, groups: Iterable[Group] | Changed[Group], *, actor: Actor
) -> Agent:
    """`groups` are all of them, or what comes and what goes. Raises NotAllowed or PeopleError."""
    demand(actor, agent.organization, Power.MANAGE_TOKENS)
    named = own_groups(agent.organization, groups.added if isinstance(groups, Changed) else groups)
    name, purpose = clean_name(name, longest=80), clean_purpose(purpose)
    with transaction.atomic():
        locked = Agent.objects.select_for_update(of=["self"]).select_related("owner", "organization").get(pk=agent.pk)
        now = set(locked.groups.all())
        chosen = _moved(now, named, groups.removed) if isinstance(groups, Changed) else named
        if not chosen:
            raise PeopleError("Choose at least one group: the agent reaches what its groups may reach.", field="groups")
        if (locked.name, locked.purpose, now) == (name, purpose, set(chosen)):
            return locked
        before, locked.name, locked.purpose = locked.name, name, purpose
        _save(locked)
        locked.groups.set(chosen)
        move_version(locked.organization_id)
        record(
            AgentChanged(
                agent=name, person=answers_for(locked), purpose=purpose, groups=names_of(chosen), before=before
            ),
            organization_id=locked.organization_id,
            actor=actor,
        )
    return locked


def _moved(now: set[Group], added: list[Group], removed: Iterable[UUID]) -> list[Group]:
    gone = set(removed)
    return sorted((one for one in {*now, *added} if one.pk not in gone), key=lambda one: one.name)


def _save(agent: Agent) -> None:
    try:
        with transaction.atomic():
            agent.save(update_fields=["name", "purpose"])
    except IntegrityError:
        raise PeopleError(f"There is already an agent called {agent.name}.", field="name") from None
