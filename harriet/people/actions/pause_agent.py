"""Pauses an agent: within a second it does nothing any more, and its credential stays for when it goes on."""

from __future__ import annotations

from django.db import transaction

from audit.actor import Actor
from audit.record import record
from harriet.people.actions.tell_people import tell_people
from harriet.people.agent_rules import answers_for, clean_reason, demand_agent
from harriet.people.endings import AgentEnding, agent_ended
from harriet.people.errors import PeopleError
from harriet.people.events import AgentPaused
from harriet.people.models import Agent, Organization, User
from harriet.people.notifications.kinds import HANDED_OVER, Matter
from harriet.people.notifications.recipients import who_look_after
from harriet.people.version import move_version


def pause_agent(agent: Agent, because: str, *, actor: Actor) -> None:
    """Its owner may, too. Raises NotAllowed, or PeopleError for one that has ended."""
    demand_agent(actor, agent)
    reason = clean_reason(because)
    with transaction.atomic():
        locked = Agent.objects.select_for_update(of=["self"]).select_related("owner").get(pk=agent.pk)
        if locked.state == Agent.State.ENDED:
            raise PeopleError(f"{agent.name} has ended, and can’t be paused.")
        if locked.state == Agent.State.ACTIVE:
            _pause(locked, reason, actor)


def pause_agents_of(organization: Organization, user: User, *, actor: Actor) -> int:
    """For somebody whose access ends, in the transaction in which it does. Owners and IT admins are told."""
    mine = Agent.objects.select_for_update(of=["self"]).filter(organization=organization, owner=user)
    paused = list(mine.filter(state=Agent.State.ACTIVE).select_related("owner").order_by("pk"))
    for agent in paused:
        _pause(agent, f"The access of {user.email}, who answers for it, ended.", actor)
        _tell(agent, user)
    return len(paused)


def _pause(agent: Agent, because: str, actor: Actor) -> None:
    Agent.objects.filter(pk=agent.pk).update(state=Agent.State.PAUSED, paused_because=because[:200])
    move_version(agent.organization_id)
    record(
        AgentPaused(agent=agent.name, person=answers_for(agent), reason=because),
        organization_id=agent.organization_id,
        actor=actor,
    )
    agent_ended(AgentEnding(agent.organization_id, agent.pk, f"The agent {agent.name} was paused.", actor))


def _tell(agent: Agent, user: User) -> None:
    """Until somebody else answers for it, or it has ended."""
    text = f"The agent {agent.name} is paused: the access of {user.email}, who answers for it, ended. Hand it over."
    path = f"/settings/agents/{agent.pk}/"
    matter = Matter(HANDED_OVER, agent.organization_id, f"agent {agent.pk}", text, path)
    tell_people(matter, who_look_after(agent.organization_id, None))
