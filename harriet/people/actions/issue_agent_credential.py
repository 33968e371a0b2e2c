"""Issues a bearer token for an agent; whoever makes it has seen it, and decides on none of its calls."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from audit.actor import Actor
from audit.record import record
from harriet.people.actions.issue_device_credential import IssuedToken, insert_token
from harriet.people.agent_rules import answers_for, demand_agent
from harriet.people.errors import PeopleError
from harriet.people.events import AgentCredentialIssued
from harriet.people.models import AccessToken, Agent
from harriet.people.names import clean_name


def issue_agent_credential(
    agent: Agent, name: str, expires_in_days: int, profile_id: UUID | None = None, *, actor: Actor
) -> IssuedToken:
    """`profile_id` must be of the organization: the caller checks. Raises NotAllowed or PeopleError."""
    demand_agent(actor, agent)
    name = clean_name(name, longest=80)
    with transaction.atomic():
        locked = Agent.objects.select_for_update(of=["self"]).select_related("owner").get(pk=agent.pk)
        if locked.state == Agent.State.ENDED:
            raise PeopleError(f"{locked.name} has ended: make another agent.")
        issued = insert_token(
            agent.organization,
            AccessToken.Kind.AGENT,
            name=name,
            expires_in_days=expires_in_days,
            agent=locked,
            profile_id=profile_id,
            actor=actor,
        )
        record(
            AgentCredentialIssued(agent=locked.name, person=answers_for(locked), token=name),
            organization_id=agent.organization_id,
            actor=actor,
        )
    return issued
