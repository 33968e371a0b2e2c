"""The page of one tool, prompt or resources, and the decision about its change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from connectors.access.facts import MemberRow, ProfileRow
from connectors.access.load import load_for_connector
from connectors.access.preview import best_verdict
from connectors.access.rules import Verdict
from connectors.actions.accept_tool_change import accept_tool_change
from connectors.actions.refuse_tool_change import refuse_tool_change
from connectors.actions.set_tool import set_tool
from connectors.definitions.arguments import ArgumentRow, prompt_rows, rows_of
from connectors.definitions.text_diff import DiffLine, difference_of
from connectors.definitions.unchecked import unchecked_in
from connectors.errors import ConnectorError
from connectors.models import Tool, ToolVersion
from connectors.pages.connector.page import ConnectorPage
from connectors.pages.forms import ToolForm
from connectors.queries import connector_of, pinned_definition, shown_versions, tool_of
from connectors.states import ShownState, tool_state
from harriet.lib.text import count_hidden
from harriet.pages.context import show
from harriet.pages.forms import attempt, status_of
from harriet.people.errors import NotFound
from harriet.people.pages.guards import OrganizationRequest, needs, needs_to_save
from harriet.people.roles import Power

MOST_PEOPLE = 200


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One active person with the rule that decides about them."""

    member: MemberRow
    verdict: Verdict
    profile: ProfileRow | None


@dataclass(frozen=True, slots=True)
class DefinitionRow:
    version: ToolVersion
    changes: list[DiffLine]
    """Since the one before."""


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
    hidden: int
    """Hidden characters in the definition."""
    unchecked: tuple[str, ...]
    proposed: ToolVersion | None
    proposed_digest: str
    changes: list[DiffLine]
    """From the accepted definition to the proposed one."""
    history: list[DefinitionRow]
    people: list[PersonRow]


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
    found = _tool(request, pk, tool_pk)
    accept_tool_change(found, digest=_digest(request), actor=request.actor)
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


def _page(request: OrganizationRequest, found: Tool, form: ToolForm) -> ToolPage:
    versions = shown_versions(found)
    definition, proposed = pinned_definition(found).definition, next((one for one in versions if one.is_proposed), None)
    return ToolPage(
        request,
        connector_of(request.organization, found.connector_id),
        tool=found,
        tool_state=tool_state(found),
        form=form,
        definition=definition,
        arguments=_arguments(found, definition),
        results=rows_of(definition.get("outputSchema")),
        hidden=count_hidden(str(definition)),
        unchecked=unchecked_in(definition),
        proposed=proposed,
        proposed_digest=bytes(proposed.digest).hex() if proposed else "",
        changes=difference_of(definition, proposed.definition) if proposed else [],
        history=_history(versions),
        people=_people(found),
    )


def _arguments(found: Tool, definition: Mapping[str, Any]) -> list[ArgumentRow]:
    return prompt_rows(definition) if found.kind == Tool.Kind.PROMPT else rows_of(definition.get("inputSchema"))


def _history(versions: list[ToolVersion]) -> list[DefinitionRow]:
    older = [*versions[1:], None]
    return [
        DefinitionRow(version, difference_of(before.definition, version.definition) if before else [])
        for version, before in zip(versions, older, strict=True)
    ]


def _people(found: Tool) -> list[PersonRow]:
    facts = load_for_connector(found.connector)
    row = facts.tools.get(found.pk)
    members = sorted(facts.members.values(), key=lambda member: member.email)[:MOST_PEOPLE]
    if row is None:
        return []
    return [PersonRow(member, *best_verdict(facts, row, member)) for member in members if member.facts.is_active]


def _tool(request: OrganizationRequest, pk: UUID, tool_pk: UUID) -> Tool:
    found = tool_of(request.organization, tool_pk)
    if found.connector_id != pk:
        raise NotFound("There is no such tool here.")
    return found


def _digest(request: OrganizationRequest) -> bytes:
    try:
        return bytes.fromhex(request.POST.get("digest", ""))
    except ValueError:
        raise ConnectorError("Reload the page and read the difference again.") from None
