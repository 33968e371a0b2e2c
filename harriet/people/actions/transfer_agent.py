"""Makes another person answer for an agent."""

from __future__ import annotations

from django.db import transaction

from audit.actor import Actor
from audit.record import record
from harriet.people.actors import person_label
from harriet.people.agent_rules import active_owner
from harriet.people.endings import AgentEnding, agent_ended
from harriet.people.errors import PeopleError
from harriet.people.events import AgentTransferred
from harriet.people.models import Agent, User
from harriet.people.permissions import demand
from harriet.people.roles import Power
from harriet.people.version import move_version


def transfer_agent(agent: Agent, owner: User, *, actor: Actor) -> bool:
    """A paused agent stays paused until somebody resumes it. Calls of it that wait end: who may not decide
    on them is another now. False when they do already. Raises NotAllowed or
    PeopleError."""
    demand(actor, agent.organization, Power.MANAGE_TOKENS)
    with transaction.atomic():
        locked = Agent.objects.select_for_update(of=["self"]).select_related("owner").get(pk=agent.pk)
        if locked.state == Agent.State.ENDED:
            raise PeopleError(f"{locked.name} has ended: nobody needs to answer for it any more.")
        if locked.owner_id == owner.pk:
            return False
        active_owner(agent.organization, owner)
        before = locked.owner.email if locked.owner else "nobody"
        Agent.objects.filter(pk=locked.pk).update(owner=owner)
        move_version(agent.organization_id)
        record(
            AgentTransferred(agent=locked.name, person=person_label(owner), before=before),
            organization_id=agent.organization_id,
            actor=actor,
        )
        why = f"{owner.email} answers for the agent {locked.name} from now on: it asks again."
        agent_ended(AgentEnding(agent.organization_id, locked.pk, why, actor))
    return True
