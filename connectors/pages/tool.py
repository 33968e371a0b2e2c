"""The page of one tool, prompt or resources, and the decision about its change."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models.functions import Lower
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from connectors.access.facts import ProfileRow
from connectors.access.in_database import callers_of, profiles_with
from connectors.access.load_part import load_part
from connectors.access.preview import best_verdict
from connectors.actions.accept_tool_change import accept_tool_change
from connectors.actions.refuse_tool_change import refuse_tool_change
from connectors.actions.set_tool import set_tool
from connectors.definitions.arguments import ArgumentRow, prompt_rows, rows_of
from connectors.definitions.oddities import Oddity, marks_of, oddities_in, oddities_of_change
from connectors.definitions.risk import is_lower, propose_risk
from connectors.definitions.text_diff import DiffLine, difference_of
from connectors.definitions.unchecked import unchecked_in
from connectors.errors import ConnectorError
from connectors.models import Risk, Tool, ToolVersion
from connectors.pages.connector.page import ConnectorPage
from connectors.pages.forms import ToolForm
from connectors.queries import connector_of, shown_versions, tool_for_page
from connectors.states import ShownState, tool_state
from harriet.pages.context import show
from harriet.pages.forms import attempt, status_of
from harriet.people.errors import NotFound
from harriet.people.models import Membership
from harriet.people.pages.guards import OrganizationRequest, needs, needs_to_save
from harriet.people.roles import Power

MOST_PEOPLE = 25
LONGEST_DEFINITION = 20_000
"""Characters of JSON that the page shows of one."""


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One active person with the rule that decides about them."""

    email: str
    is_allowed: bool
    reason: str = ""
    """Empty where there are too many people to judge each."""
    profile: ProfileRow | None = None


@dataclass(frozen=True, slots=True)
class DefinitionRow:
    version: ToolVersion
    changes: list[DiffLine]
    """Since the one before."""
    whole: str
    """As JSON; only of the accepted one and the one that is offered now."""


@dataclass(frozen=True, slots=True)
class PeopleRows:
    rows: list[PersonRow]
    more: bool
    """There are more people than are shown: then only who may call it is."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What is before somebody who decides about a change, and what they ticked already."""

    version: ToolVersion
    digest: str
    changes: list[DiffLine]
    """From the accepted definition to the proposed one."""
    oddities: list[Oddity]
    """What the change brings."""
    ticked: frozenset[str]
    lowers_from: str
    """The risk class that the tool has, where accepting makes it a lower one."""
    problem: str

    @property
    def marks(self) -> list[str]:
        return marks_of(self.oddities)


@dataclass(frozen=True, slots=True)
class ToolPage(ConnectorPage):
    template = "connectors/tool.html"
    tab = "detail"
    tool: Tool
    tool_state: ShownState
    form: ToolForm
    definition: Mapping[str, Any]
    """The accepted one."""
    arguments: list[ArgumentRow]
    results: list[ArgumentRow]
    oddities: list[Oddity]
    """Of the accepted definition."""
    unchecked: tuple[str, ...]
    decision: Decision | None
    history: list[DefinitionRow]
    people: PeopleRows

    @property
    def marks(self) -> list[str]:
        return marks_of(self.oddities)


@needs_to_save(Power.MANAGE_CONNECTORS)
def tool_page(request: OrganizationRequest, pk: UUID, tool_pk: UUID) -> HttpResponse:
    found = _tool(request, pk, tool_pk)
    form = ToolForm.of(found, request.POST or None)
    if request.method == "POST" and attempt(form, lambda given: _save(found, form, request)) is not None:
        messages.success(request, f"{found} was saved.")
        return redirect("connectors:tool", pk, tool_pk)
    return show(request, _page(request, found, form), status=status_of(form))


@require_POST
@needs(Power.MANAGE_CONNECTORS)
def accept_change_of_tool(request: OrganizationRequest, pk: UUID, tool_pk: UUID) -> HttpResponse:
    found, looked_at = _tool(request, pk, tool_pk), frozenset(request.POST.getlist("looked"))
    try:
        accept_tool_change(
            found,
            digest=_digest(request),
            looked_at=looked_at,
            keep_risk="keep_risk" in request.POST,
            actor=request.actor,
        )
    except ConnectorError as problem:
        return show(request, _page(request, found, ToolForm.of(found), looked_at, problem.message), status=400)
    messages.success(request, f"The new definition of {found} is accepted; it may be called again.")
    return redirect("connectors:tool", pk, tool_pk)


@require_POST
@needs(Power.MANAGE_CONNECTORS)
def refuse_change_of_tool(request: OrganizationRequest, pk: UUID, tool_pk: UUID) -> HttpResponse:
    found = _tool(request, pk, tool_pk)
    refuse_tool_change(found, digest=_digest(request), actor=request.actor)
    messages.success(request, f"Refused. {found} stays in quarantine until the server offers the accepted definition.")
    return redirect("connectors:tool", pk, tool_pk)


def _save(found: Tool, form: ToolForm, request: OrganizationRequest) -> bool:
    fields = form.cleaned_data
    set_tool(
        found,
        is_enabled=fields["is_enabled"],
        requires_confirmation=fields["requires_confirmation"],
        risk_override=fields["risk_override"],
        groups=fields["groups"],
        roles=form.chosen_roles,
        actor=request.actor,
    )
    return True


def _page(
    request: OrganizationRequest,
    found: Tool,
    form: ToolForm,
    ticked: frozenset[str] = frozenset(),
    problem: str = "",
) -> ToolPage:
    versions = shown_versions(found)
    definition = next(one for one in versions if one.is_pinned).definition
    proposed = next((one for one in versions if one.is_proposed), None)
    return ToolPage(
        request,
        connector_of(request.organization, found.connector_id),
        tool=found,
        tool_state=tool_state(found),
        form=form,
        definition=definition,
        arguments=_arguments(found, definition),
        results=rows_of(definition.get("outputSchema")),
        oddities=oddities_in(definition),
        unchecked=unchecked_in(definition),
        decision=_decision(found, definition, proposed, ticked, problem) if proposed else None,
        history=_history(versions),
        people=_people(found),
    )


def _decision(
    found: Tool, definition: Mapping[str, Any], proposed: ToolVersion, ticked: frozenset[str], problem: str
) -> Decision:
    now = propose_risk(proposed.definition, found.kind).risk
    lowers = not found.risk_override and is_lower(now, found.risk)
    return Decision(
        version=proposed,
        digest=bytes(proposed.digest).hex(),
        changes=difference_of(definition, proposed.definition),
        oddities=oddities_of_change(definition, proposed.definition, found.kind),
        ticked=ticked,
        lowers_from=Risk(found.risk).label if lowers else "",
        problem=problem,
    )


def _arguments(found: Tool, definition: Mapping[str, Any]) -> list[ArgumentRow]:
    return prompt_rows(definition) if found.kind == Tool.Kind.PROMPT else rows_of(definition.get("inputSchema"))


def _history(versions: list[ToolVersion]) -> list[DefinitionRow]:
    older = [*versions[1:], None]
    return [
        DefinitionRow(version, difference_of(before.definition, version.definition) if before else [], _whole(version))
        for version, before in zip(versions, older, strict=True)
    ]


def _whole(version: ToolVersion) -> str:
    if not (version.is_pinned or version.is_proposed):
        return ""
    text = json.dumps(version.definition, indent=2, ensure_ascii=False)
    return text if len(text) <= LONGEST_DEFINITION else f"{text[:LONGEST_DEFINITION]}\n… and more"


def _people(found: Tool) -> PeopleRows:
    """Everybody with the reason; of a large organization the first of those who may call it."""
    active = Membership.objects.filter(organization=found.organization_id, is_active=True, user__is_active=True)
    everybody = list(active.order_by(Lower("user__email")).values_list("pk", flat=True)[: MOST_PEOPLE + 1])
    if len(everybody) > MOST_PEOPLE:
        callers = callers_of(found.connector.organization, Tool.objects.filter(pk=found.pk))
        emails = callers.order_by(Lower("user__email")).values_list("user__email", flat=True)[:MOST_PEOPLE]
        return PeopleRows([PersonRow(email, True) for email in emails], True)
    facts = load_part(
        found.connector.organization,
        tools=[found.pk],
        people=everybody,
        profiles=profiles_with([found]),
        connector=found.connector,
    )
    row = facts.tools.get(found.pk)
    members = sorted(facts.members.values(), key=lambda member: member.email)
    judged = [(member, best_verdict(facts, row, member)) for member in members] if row else []
    rows = [PersonRow(one.email, way.verdict.is_allowed, way.verdict.reason, way.profile) for one, way in judged]
    return PeopleRows(sorted(rows, key=lambda row: not row.is_allowed), False)


def _tool(request: OrganizationRequest, pk: UUID, tool_pk: UUID) -> Tool:
    found = tool_for_page(request.organization, tool_pk)
    if found.connector_id != pk:
        raise NotFound("There is no such tool here.")
    return found


def _digest(request: OrganizationRequest) -> bytes:
    try:
        return bytes.fromhex(request.POST.get("digest", ""))
    except ValueError:
        raise ConnectorError("Reload the page and read the difference again.") from None
