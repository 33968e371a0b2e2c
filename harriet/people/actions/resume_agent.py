"""Lets a paused agent go on, once somebody active answers for it."""

from __future__ import annotations

from django.db import transaction

from audit.actor import Actor
from audit.record import record
from harriet.people.actions.settle_matter import settle_matter
from harriet.people.agent_rules import active_owner, answers_for, demand_agent
from harriet.people.errors import PeopleError
from harriet.people.events import AgentResumed
from harriet.people.models import Agent
from harriet.people.version import move_version


def resume_agent(agent: Agent, *, actor: Actor) -> None:
    """Raises NotAllowed, or PeopleError when nobody answers for it or it has ended."""
    demand_agent(actor, agent)
    with transaction.atomic():
        locked = Agent.objects.select_for_update(of=["self"]).select_related("owner").get(pk=agent.pk)
        if locked.state == Agent.State.ENDED:
            raise PeopleError(f"{locked.name} has ended, and can’t be resumed: make another agent.")
        if locked.state == Agent.State.ACTIVE:
            return
        active_owner(agent.organization, locked.owner)
        Agent.objects.filter(pk=locked.pk).update(state=Agent.State.ACTIVE, paused_because="")
        move_version(agent.organization_id)
        settle_matter(agent.organization_id, f"agent {locked.pk}")
        record(
            AgentResumed(agent=locked.name, person=answers_for(locked)),
            organization_id=agent.organization_id,
            actor=actor,
        )
