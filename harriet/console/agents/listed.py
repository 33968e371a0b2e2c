"""The list of agents, and making one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_safe

from harriet.console.agents.forms import NewAgentForm
from harriet.pages.context import PageContext, show
from harriet.pages.forms import attempt, status_of
from harriet.pages.tables.chips import Chips, Filter
from harriet.pages.tables.declared import Column, Table
from harriet.pages.tables.listed import Listed
from harriet.people.actions.create_agent import create_agent
from harriet.people.models import Agent
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.pages.once import first_of
from harriet.people.pages.tables import listed_for
from harriet.people.permissions import has_power
from harriet.people.queries import agents_of
from harriet.people.roles import Power
from harriet.people.search_words import Noun, has_words

_ENDED = Q(state=Agent.State.ENDED)
FILTERS = (
    Filter("", "In use", ~_ENDED),
    Filter("active", "Active", Q(state=Agent.State.ACTIVE)),
    Filter("paused", "Paused", Q(state=Agent.State.PAUSED)),
    Filter("ended", "Ended", _ENDED),
)
AGENTS = Table(
    key="agents",
    columns=(
        Column("name", "Agent", sort="name"),
        Column("owner", "Who answers for it", sort="owner__email", is_optional=True),
        Column("groups", "Groups", is_optional=True),
        Column("state", "State", sort="state", is_optional=True),
        Column("seen", "Last seen", sort="last_seen_at", is_optional=True),
        Column("since", "Since", sort="created_at", is_optional=True, is_shown_at_first=False),
    ),
    order="name",
)


@dataclass(frozen=True, slots=True)
class AgentsPage(PageContext):
    template = "agents/list.html"
    active = "agents"
    table: Listed[Agent]
    text: str
    show: str
    is_empty: bool
    can_manage: bool


@require_safe
@needs(Power.VIEW_SETTINGS)
def agents_page(request: OrganizationRequest) -> HttpResponse:
    text, chips = request.GET.get("q", "").strip(), Chips(FILTERS, request.GET)
    everything = agents_of(request.organization)
    found = everything.filter(has_words(Noun.AGENT, text)) if text else everything
    table = listed_for(request, AGENTS, chips.narrowed(found), chips=chips.shown(found))
    page = AgentsPage(
        table=table,
        text=text,
        show=chips.chosen.key,
        is_empty=not table.rows and not everything.exists(),
        can_manage=has_power(request.membership, Power.MANAGE_TOKENS),
    )
    return show(request, page)


@dataclass(frozen=True, slots=True)
class NewAgentPage(PageContext):
    template = "agents/new.html"
    active = "agents"
    form: NewAgentForm


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Power.MANAGE_TOKENS)
def new_agent_page(request: OrganizationRequest) -> HttpResponse:
    form = NewAgentForm(request.organization, request.POST or None)
    made = attempt(form, lambda given: first_of(request, lambda: _made(request, given)))
    if made is None:
        return show(request, NewAgentPage(form=form), status=status_of(form))
    return redirect("agents:detail", made)


def _made(request: OrganizationRequest, given: dict[str, Any]) -> UUID:
    return create_agent(request.organization, **given, actor=request.actor).pk
