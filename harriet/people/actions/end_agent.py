"""Ends an agent for good: its credentials are revoked, and its name is free again."""

from __future__ import annotations

from django.db import transaction
from django.db.models.functions import Now

from audit.actor import Actor
from audit.record import record
from harriet.people.actions.settle_matter import settle_matter
from harriet.people.agent_rules import answers_for, demand_agent
from harriet.people.endings import AgentEnding, agent_ended
from harriet.people.events import AgentEnded
from harriet.people.models import AccessToken, Agent
from harriet.people.version import move_version


def end_agent(agent: Agent, *, actor: Actor) -> int:
    """How many credentials were revoked. Raises NotAllowed."""
    demand_agent(actor, agent)
    with transaction.atomic():
        locked = Agent.objects.select_for_update(of=["self"]).select_related("owner").get(pk=agent.pk)
        if locked.state == Agent.State.ENDED:
            return 0
        Agent.objects.filter(pk=locked.pk).update(state=Agent.State.ENDED, paused_because="")
        tokens = AccessToken.objects.filter(agent=locked, revoked_at=None).update(revoked_at=Now())
        move_version(agent.organization_id)
        settle_matter(agent.organization_id, f"agent {locked.pk}")
        record(
            AgentEnded(agent=locked.name, person=answers_for(locked), tokens=tokens),
            organization_id=agent.organization_id,
            actor=actor,
        )
        agent_ended(AgentEnding(agent.organization_id, locked.pk, f"The agent {locked.name} was ended.", actor))
    return tokens
