"""The agent that a page is about."""

from __future__ import annotations

from uuid import UUID

from harriet.people.models import Agent
from harriet.people.pages.guards import OrganizationRequest
from harriet.people.permissions import has_power
from harriet.people.queries import agent_of
from harriet.people.roles import Power


def named_agent(request: OrganizationRequest, pk: UUID) -> Agent:
    """For whoever sees company settings, and for its owner. Raises NotFound."""
    agents = None if has_power(request.membership, Power.VIEW_SETTINGS) else request.user
    return agent_of(request.organization, pk, owned_by=agents)
