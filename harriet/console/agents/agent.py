"""The page of one agent: what it may do, what it calls with, who answers for it, and what stops it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from connectors.models import Profile
from harriet.console.agents.forms import AgentCredentialForm, AgentForm, OwnerForm, PauseForm
from harriet.console.agents.named import named_agent
from harriet.lib.errors import Problem
from harriet.lib.secret import Secret
from harriet.pages.context import PageContext, show, show_once
from harriet.pages.forms import ConfirmForm, attempt, status_of
from harriet.people.actions.change_agent import change_agent
from harriet.people.actions.end_agent import end_agent
from harriet.people.actions.issue_agent_credential import issue_agent_credential
from harriet.people.actions.make_once import Made
from harriet.people.actions.pause_agent import pause_agent
from harriet.people.actions.resume_agent import resume_agent
from harriet.people.actions.revoke_token import revoke_token
from harriet.people.actions.transfer_agent import transfer_agent
from harriet.people.models import AccessToken, Agent
from harriet.people.pages.guards import OrganizationRequest, in_organization, needs
from harriet.people.pages.once import made_once, secret_of, shown_once
from harriet.people.permissions import has_power
from harriet.people.queries import or_not_found, tokens_of
from harriet.people.roles import Power
from harriet.signin.models import WorkloadIdentity
from harriet.signin.queries import workloads_of

MOST_TOKENS = 200
"""Of one agent, on its page: those that end first."""


@dataclass(frozen=True, slots=True)
class AgentPage(PageContext):
    template = "agents/agent.html"
    active = "agents"
    agent: Agent
    tokens: list[AccessToken]
    workloads: list[WorkloadIdentity]
    """Of trusted issuers, which it may be."""
    profiles: dict[UUID, str]
    """The names of those that a credential is for."""
    form: AgentForm
    owner_form: OwnerForm
    pause_form: PauseForm
    end_form: ConfirmForm
    is_ours: bool
    """Whoever looks at it answers for it."""
    can_list: bool
    can_manage: bool
    can_audit: bool


@require_safe
@in_organization
def agent_page(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    return _shown(request, named_agent(request, pk))


def _shown(
    request: OrganizationRequest,
    agent: Agent,
    *,
    form: AgentForm | None = None,
    owner_form: OwnerForm | None = None,
    pause_form: PauseForm | None = None,
    end_form: ConfirmForm | None = None,
) -> HttpResponse:
    """The page, with the form that was sent when something was wrong with it."""
    tokens = list(_tokens(request).filter(agent=agent)[:MOST_TOKENS])
    workloads = list(workloads_of(agent))
    bound = [*(one.profile_id for one in tokens), *(one.profile_id for one in workloads)]
    named = Profile.objects.filter(organization=request.organization, pk__in=filter(None, bound))
    page = AgentPage(
        agent=agent,
        tokens=tokens,
        workloads=workloads,
        profiles=dict(named.values_list("pk", "name")),
        form=form or AgentForm(agent),
        owner_form=owner_form or OwnerForm(request.organization),
        pause_form=pause_form or PauseForm(),
        end_form=end_form or ConfirmForm(agent.name),
        is_ours=agent.owner_id == request.user.pk,
        can_list=has_power(request.membership, Power.VIEW_SETTINGS),
        can_manage=has_power(request.membership, Power.MANAGE_TOKENS),
        can_audit=has_power(request.membership, Power.VIEW_AUDIT),
    )
    return show(request, page, status=status_of(page.form, page.owner_form, page.pause_form, page.end_form))


def _tokens(request: OrganizationRequest) -> QuerySet[AccessToken]:
    return tokens_of(request.organization).filter(kind=AccessToken.Kind.AGENT).select_related("agent__owner")


@require_POST
@needs(Power.MANAGE_TOKENS)
def change_this_agent(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    agent = named_agent(request, pk)
    form = AgentForm(agent, request.POST)
    if form.is_searching or attempt(form, lambda given: change_agent(agent, **given, actor=request.actor)) is None:
        return _shown(request, agent, form=form)
    messages.success(request, f"{form.cleaned_data['name']} was saved.")
    return redirect("agents:detail", pk)


@require_POST
@needs(Power.MANAGE_TOKENS)
def transfer_this_agent(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    agent = named_agent(request, pk)
    form = OwnerForm(request.organization, request.POST)
    moved = attempt(form, lambda given: transfer_agent(agent, given["owner"], actor=request.actor))
    if moved is None:
        return _shown(request, agent, owner_form=form)
    messages.success(request, f"{form.owner()} answers for {agent.name} now.")
    return redirect("agents:detail", pk)


@require_POST
@in_organization
def pause_this_agent(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    agent, form = named_agent(request, pk), PauseForm(request.POST)
    if not form.is_valid():
        return _shown(request, agent, pause_form=form)
    try:
        pause_agent(agent, form.cleaned_data["because"], actor=request.actor)
    except Problem as problem:
        form.add_error(None, problem.message)
        return _shown(request, agent, pause_form=form)
    messages.success(request, f"{agent.name} is paused: it does nothing until somebody resumes it.")
    return redirect("agents:detail", pk)


@require_POST
@in_organization
def resume_this_agent(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    agent = named_agent(request, pk)
    resume_agent(agent, actor=request.actor)
    messages.success(request, f"{agent.name} goes on.")
    return redirect("agents:detail", pk)


@require_POST
@in_organization
def end_this_agent(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    agent = named_agent(request, pk)
    form = ConfirmForm(agent.name, request.POST)
    if attempt(form, lambda _: end_agent(agent, actor=request.actor)) is None:
        return _shown(request, agent, end_form=form)
    messages.success(request, f"{agent.name} has ended, with all its credentials.")
    return redirect("agents:list" if has_power(request.membership, Power.VIEW_SETTINGS) else "me:home")


@dataclass(frozen=True, slots=True)
class NewAgentCredentialPage(PageContext):
    template = "agents/credential_new.html"
    active = "agents"
    agent: Agent
    form: AgentCredentialForm


@in_organization
def new_agent_credential_page(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    agent = named_agent(request, pk)
    form = AgentCredentialForm(request.organization, request.POST or None)
    made = attempt(form, lambda given: made_once(request, lambda: _issued(request, agent, given)))
    if made is None:
        return show(request, NewAgentCredentialPage(agent=agent, form=form), status=status_of(form))
    return redirect("agents:issued", made.pk)


def _issued(request: OrganizationRequest, agent: Agent, given: dict[str, Any]) -> Made:
    profile = given["profile"]
    token, secret = issue_agent_credential(
        agent, given["name"], given["expires_in_days"], profile.pk if profile else None, actor=request.actor
    )
    return Made(token.pk, secret)


@dataclass(frozen=True, slots=True)
class AgentCredentialPage(PageContext):
    template = "agents/credential_issued.html"
    active = "agents"
    token: AccessToken
    secret: Secret | None
    """None when it was shown before."""


@require_safe
@in_organization
def agent_credential_page(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    """The credential is shown here, once, to whoever made it."""
    row = shown_once(request, pk)
    token = or_not_found(_tokens(request).filter(pk=row.subject).first(), "There is no such credential here.")
    return show_once(request, AgentCredentialPage(token=token, secret=secret_of(request, row)))


@require_POST
@in_organization
def revoke_agent_credential(request: OrganizationRequest, pk: UUID, token_pk: UUID) -> HttpResponse:
    agent = named_agent(request, pk)
    found = _tokens(request).filter(agent=agent, pk=token_pk).first()
    token = or_not_found(found, "There is no such credential here.")
    revoke_token(token, actor=request.actor)
    messages.success(request, f"{token.name} was revoked; it opens nothing any more.")
    return redirect("agents:detail", pk)
