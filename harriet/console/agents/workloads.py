"""An agent that is a workload of a trusted issuer: which one, and its end. It needs no secret then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST

from harriet.console.agents.forms import WorkloadForm
from harriet.console.agents.named import named_agent
from harriet.pages.context import PageContext, show
from harriet.pages.forms import attempt, status_of
from harriet.people.agent_rules import demand_agent
from harriet.people.models import Agent
from harriet.people.pages.guards import OrganizationRequest, in_organization
from harriet.people.queries import or_not_found
from harriet.signin.actions.bind_workload import bind_workload, end_workload
from harriet.signin.actions.take_workload import LASTS
from harriet.signin.models import WorkloadIdentity
from harriet.signin.protocol.addresses import token_endpoint_of
from harriet.signin.queries import issuers_of_workloads, workloads_of


@dataclass(frozen=True, slots=True)
class NewWorkloadPage(PageContext):
    template = "agents/workload_new.html"
    active = "agents"
    agent: Agent
    form: WorkloadForm
    our_token_endpoint: str
    minutes: int
    """That one of its tokens opens the profile."""


@require_http_methods(["GET", "HEAD", "POST"])
@in_organization
def new_workload_page(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    agent = named_agent(request, pk)
    demand_agent(request.actor, agent)
    form = WorkloadForm(request.organization, list(issuers_of_workloads(request.organization)), request.POST or None)
    made = None if form.is_searching else attempt(form, lambda given: _bound(request, agent, form, given))
    if made is None:
        endpoint = token_endpoint_of(request.organization.slug)
        page = NewWorkloadPage(agent, form, endpoint, int(LASTS.total_seconds()) // 60)
        return show(request, page, status=status_of(form))
    messages.success(request, f"{made.subject} acts as {agent.name} from now on.")
    return redirect("agents:detail", agent.pk)


def _bound(request: OrganizationRequest, agent: Agent, form: WorkloadForm, given: dict[str, Any]) -> WorkloadIdentity:
    issuer = form.issuers[given["issuer"]]
    return bind_workload(agent, issuer, given["subject"], given["profile"], actor=request.actor)


@require_POST
@in_organization
def end_this_workload(request: OrganizationRequest, pk: UUID, workload_pk: UUID) -> HttpResponse:
    agent = named_agent(request, pk)
    found = or_not_found(workloads_of(agent).filter(pk=workload_pk).first(), "There is no such workload here.")
    end_workload(found, actor=request.actor)
    messages.success(request, f"{found.subject} does not act as {agent.name} any more.")
    return redirect("agents:detail", pk)
